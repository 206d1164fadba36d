package dev.otasigner.service.catalogue;

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
record Wanted(Map<ChannelRole, List<WantedFile>> roles, Optional<byte[]> checkpoint) {
  static final String CHECKPOINT_PATH = "audit/checkpoint";

  Wanted {
    roles = new TreeMap<>(roles);
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
