package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.Content;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What a repository shall list.
 *
 * @param roles files by the channel role that lists them; a role that is listed once stays, perhaps
 *     without files
 * @param newestCheckpoint signs the newest audit checkpoint, which is taken along when anything is
 *     written at all; each note costs a signature, so it is asked for then only
 * @param signed what people have handed in to be announced now
 */
record Wanted(
    Map<ChannelRole, List<WantedFile>> roles,
    Supplier<Optional<WantedFile>> newestCheckpoint,
    SignedByPeople signed) {
  static final String CHECKPOINT_PATH = "audit/checkpoint";

  Wanted {
    roles = new TreeMap<>(roles);
  }

  Wanted(Map<ChannelRole, List<WantedFile>> roles, Optional<WantedFile> checkpoint) {
    this(roles, () -> checkpoint, SignedByPeople.NOTHING);
  }

  /** What a run is asked to bring a repository to, found out once nobody else can change it. */
  @FunctionalInterface
  interface Source {
    Wanted get() throws IOException;
  }

  Optional<WantedFile> checkpoint() {
    return newestCheckpoint.get();
  }

  /** The same with what people have handed in. */
  Wanted with(SignedByPeople files) {
    return new Wanted(roles, newestCheckpoint, files);
  }

  /**
   * Metadata that the service has no keys for, judged by {@link Ceremonies} already.
   *
   * @param root the version after the present one
   * @param targets a version after the announced one
   */
  record SignedByPeople(Optional<byte[]> root, Optional<byte[]> targets) {
    static final SignedByPeople NOTHING = new SignedByPeople(Optional.empty(), Optional.empty());
  }

  /** An audit checkpoint, listed with the key that it is signed by: a device keeps to the first. */
  static WantedFile checkpoint(byte[] note, Bytes auditKey) {
    TargetFile target =
        TargetFile.of(CHECKPOINT_PATH, note)
            .withCustom(Json.object().put("auditKey", auditKey.base64()).build());
    return WantedFile.of(target, Content.of(note));
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
