package dev.otasigner.keys;

import java.io.IOException;

/**
 * Every step by which this module changes what lies on a disk goes through one of these two
 * methods, so that a test can end the process at each of them.
 */
public interface Disk {
  /** The one that is used but in tests: takes each step as it is asked. */
  Disk REAL = new Disk() {};

  /** Something that is done to a file or a directory. */
  interface Step {
    void run() throws IOException;
  }

  /** Writes bytes, which may be less than all, at the end of what it wrote before. */
  interface Sink {
    void write(byte[] bytes) throws IOException;
  }

  /**
   * Writes bytes.
   *
   * @param what the file, for a person
   */
  default void write(String what, byte[] bytes, Sink sink) throws IOException {
    sink.write(bytes);
  }

  /**
   * Forces, renames or cuts.
   *
   * @param what the step and the file, for a person
   */
  default void step(String what, Step step) throws IOException {
    step.run();
  }
}
