package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.tuf.MetadataStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The trusted metadata of one lineage, in flash. It lies outside both slots and so survives a
 * revert; the {@code 1} in its names is the version of this arrangement.
 */
final class FlashMetadataStore implements MetadataStore {
  static final String PREFIX = "tuf1/";
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]{1,100}");

  private final FlashStore store;
  private final String lineage;

  FlashMetadataStore(FlashStore store, String lineage) {
    this.store = store;
    this.lineage = lineage;
  }

  /** Role names come from the repository: one that is no plain word is stored by its digest. */
  static String name(String lineage, String role) {
    boolean plain = role.isEmpty() || PLAIN.matcher(role).matches();
    String word = plain ? role : "sha256:" + Digest.of(role.getBytes(StandardCharsets.UTF_8)).hex();
    return PREFIX + lineage + "/" + word;
  }

  @Override
  public Optional<byte[]> load(String role) {
    return store.get(name(lineage, role));
  }

  @Override
  public void store(String role, byte[] bytes) throws IOException {
    store.put(name(lineage, role), bytes);
  }

  @Override
  public void delete(String role) throws IOException {
    if (load(role).isPresent()) {
      store.change().delete(name(lineage, role)).commit();
    }
  }
}
