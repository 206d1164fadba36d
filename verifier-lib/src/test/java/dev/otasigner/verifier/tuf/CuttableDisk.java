package dev.otasigner.verifier.tuf;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A disk in memory whose power goes at a chosen step. What was not forced by then is torn or, if it
 * is a name, there or not as the test wants it.
 */
final class CuttableDisk implements StoreDisk {
  private final Map<Path, Content> names = new LinkedHashMap<>();
  private Map<Path, Content> forcedNames = new LinkedHashMap<>();
  private int steps;
  private int cutAt = -1;
  private boolean stepBeforeCut;

  /** The power goes off; not an exception that anybody may catch. */
  static final class PowerCut extends Error {
    private static final long serialVersionUID = 1L;
  }

  private static final class Content {
    private byte[] bytes = {};
    private boolean forced;

    /** What is found after the power came back. */
    private Content settled() {
      Content settled = new Content();
      settled.bytes = forced ? bytes : Arrays.copyOf(bytes, bytes.length / 2);
      settled.forced = true;
      return settled;
    }
  }

  void cutPowerAt(int step, boolean applied) {
    steps = 0;
    cutAt = step;
    stepBeforeCut = applied;
  }

  int steps() {
    return steps;
  }

  /**
   * The disk after the power came back.
   *
   * @param names whether renames and deletions that nobody forced have happened
   */
  CuttableDisk powerOn(boolean names) {
    CuttableDisk later = new CuttableDisk();
    Map<Path, Content> found = names ? this.names : forcedNames;
    found.forEach((name, content) -> later.names.put(name, content.settled()));
    later.forcedNames = new LinkedHashMap<>(later.names);
    return later;
  }

  @Override
  public Optional<byte[]> read(Path file, int maxBytes) {
    return Optional.ofNullable(names.get(file)).map(c -> c.bytes.clone());
  }

  @Override
  public void write(Path file, byte[] bytes) {
    step(
        () -> {
          Content content = names.computeIfAbsent(file, name -> new Content());
          content.bytes = bytes.clone();
          content.forced = false;
        });
  }

  @Override
  public void force(Path file) {
    step(() -> content(file).forced = true);
  }

  @Override
  public void rename(Path from, Path to) {
    step(
        () -> {
          names.put(to, content(from));
          names.remove(from);
        });
  }

  @Override
  public boolean delete(Path file) {
    if (!names.containsKey(file)) {
      return false;
    }
    step(() -> names.remove(file));
    return true;
  }

  @Override
  public void forceDirectory(Path directory) {
    step(() -> forcedNames = new LinkedHashMap<>(names));
  }

  private Content content(Path file) {
    return Optional.ofNullable(names.get(file)).orElseThrow();
  }

  private void step(Runnable change) {
    boolean cut = steps++ == cutAt;
    if (!cut || stepBeforeCut) {
      change.run();
    }
    if (cut) {
      throw new PowerCut();
    }
  }
}
