package dev.otasigner.verifier.tuf;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A store in memory, whose power can be cut at any change. */
public final class MemoryStore implements MetadataStore {
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private int changes;
  private int cutAt = -1;
  private boolean changeBeforeCut;

  /** The power goes off; not an exception that anybody may catch. */
  static final class PowerCut extends Error {
    private static final long serialVersionUID = 1L;
  }

  /**
   * Cuts the power at a change, counted from now on.
   *
   * @param applied whether the change itself still takes effect
   */
  void cutPowerAt(int change, boolean applied) {
    changes = 0;
    cutAt = change;
    changeBeforeCut = applied;
  }

  void powerOn() {
    changes = 0;
    cutAt = -1;
  }

  int changes() {
    return changes;
  }

  Set<String> roles() {
    return files.keySet();
  }

  @Override
  public Optional<byte[]> load(String role) {
    return Optional.ofNullable(files.get(role)).map(byte[]::clone);
  }

  @Override
  public void store(String role, byte[] bytes) {
    change(() -> files.put(role, bytes.clone()));
  }

  @Override
  public void delete(String role) {
    change(() -> files.remove(role));
  }

  private void change(Runnable change) {
    boolean cut = changes++ == cutAt;
    if (!cut || changeBeforeCut) {
      change.run();
    }
    if (cut) {
      throw new PowerCut();
    }
  }
}
