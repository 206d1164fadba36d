package dev.otasigner.verifier.fuzz;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Jazzer calls with each input. The property {@code fuzz.target} names the one target; without
 * it the first byte does, so that one process gets round them all.
 */
public final class FuzzDriver {
  /** What a target may allocate for the smallest input: signing with test keys is in it. */
  private static final long BASE_BYTES = 64L << 20;

  /** What one byte of input may make a target allocate. */
  private static final long BYTES_PER_BYTE = 4096;

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final @Nullable FuzzTarget ONLY = only();

  private FuzzDriver() {}

  /** Loads classes and makes test keys, before anything is counted; Jazzer calls it first. */
  public static void fuzzerInitialize() throws IOException {
    for (FuzzTarget target : ONLY == null ? FuzzTarget.ALL : List.of(ONLY)) {
      target.claim().holdsFor(target.seeds().get(0));
    }
  }

  /** The entry point that Jazzer looks for. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    if (input.length == 0) {
      return;
    }
    FuzzTarget target = ONLY == null ? FuzzTarget.addressee(input) : ONLY;
    byte[] content = ONLY == null ? FuzzTarget.content(input) : input;
    long bound = BASE_BYTES + BYTES_PER_BYTE * content.length;
    // The first time may load classes, which Jazzer then rewrites on this thread.
    if (allocated(target, content) > bound) {
      long again = allocated(target, content);
      if (again > bound) {
        throw new AssertionError(
            target + " allocated " + again + " bytes for an input of " + content.length);
      }
    }
  }

  private static long allocated(FuzzTarget target, byte[] content) throws IOException {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    target.claim().holdsFor(content);
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  private static @Nullable FuzzTarget only() {
    String name = System.getProperty("fuzz.target", "");
    return name.isEmpty() ? null : FuzzTarget.named(name);
  }
}
