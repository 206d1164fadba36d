package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.MetadataStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The trusted metadata of one lineage, in flash. It lies outside both slots and so survives a
 * revert; the {@code 1} in its names is the version of this arrangement.
 *
 * <p>A lineage is its name and its first root. What was stored under the same name from another
 * first root is of another lineage: it is not read, and goes when this one's first file comes.
 */
final class FlashMetadataStore implements MetadataStore {
  static final String PREFIX = "tuf1/";
  private static final String FIRST_ROOT = ":first-root";
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]{1,100}");

  private final FlashStore store;
  private final Profile.Lineage lineage;
  private final boolean knownUnmarked;

  /**
   * @param knownUnmarked whether metadata that does not say which root it began with is this
   *     lineage's
   */
  FlashMetadataStore(FlashStore store, Profile.Lineage lineage, boolean knownUnmarked) {
    this.store = store;
    this.lineage = lineage;
    this.knownUnmarked = knownUnmarked;
  }

  /** What a factory stores. */
  static void provision(FlashStore.Changes changes, String lineage, byte[] root) {
    changes
        .put(name(lineage, "root"), root)
        .put(PREFIX + lineage + "/" + FIRST_ROOT, Digest.of(root).bytes());
  }

  /** Role names come from the repository: one that is no plain word is stored by its digest. */
  static String name(String lineage, String role) {
    boolean plain = role.isEmpty() || PLAIN.matcher(role).matches();
    String word = plain ? role : "sha256:" + Digest.of(role.getBytes(StandardCharsets.UTF_8)).hex();
    return PREFIX + lineage + "/" + word;
  }

  @Override
  public Optional<byte[]> load(String role) {
    return isOurs() ? store.get(own(role)) : Optional.empty();
  }

  @Override
  public void store(String role, byte[] bytes) throws IOException {
    if (isOurs()) {
      store.put(own(role), bytes);
      return;
    }
    FlashStore.Changes changes = store.change();
    store.names(own("")).forEach(changes::delete);
    changes.put(marker(), lineage.rootSha256().bytes()).put(own(role), bytes).commit();
  }

  @Override
  public void delete(String role) throws IOException {
    if (load(role).isPresent()) {
      store.change().delete(own(role)).commit();
    }
  }

  private boolean isOurs() {
    return store
        .get(marker())
        .map(first -> Arrays.equals(first, lineage.rootSha256().bytes()))
        .orElse(knownUnmarked);
  }

  private String own(String role) {
    return name(lineage.name(), role);
  }

  private String marker() {
    return PREFIX + lineage.name() + "/" + FIRST_ROOT;
  }
}
