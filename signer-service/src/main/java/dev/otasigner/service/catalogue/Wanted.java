package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.TargetFile;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a repository shall list.
 *
 * @param roles files by the channel role that lists them; a role that is listed once stays, perhaps
 *     without files
 * @param checkpoint the newest audit checkpoint, taken along when anything is written at all
 */
record Wanted(Map<ChannelRole, List<WantedFile>> roles, Optional<WantedFile> checkpoint) {
  static final String CHECKPOINT_PATH = "audit/checkpoint";

  Wanted {
    roles = new TreeMap<>(roles);
  }

  /** An audit checkpoint, listed with the key that it is signed by: a device keeps to the first. */
  static WantedFile checkpoint(byte[] note, Bytes auditKey) {
    TargetFile target =
        TargetFile.of(CHECKPOINT_PATH, note)
            .withCustom(Json.object().put("auditKey", auditKey.base64()).build());
    return new WantedFile(target, Optional.of(note.clone()), Optional.empty());
  }

  /** The role of a channel and hardware. */
  record ChannelRole(String channel, String hardware) implements Comparable<ChannelRole> {
    String roleName() {
      return channel + "." + hardware;
    }

    String paths() {
      return channel + "/" + hardware + "/*";
    }

    @Override
    public int compareTo(ChannelRole other) {
      return roleName().compareTo(other.roleName());
    }
  }
}
