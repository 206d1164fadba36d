package dev.otasigner.device.agent;

/** Told what the device does, one sentence a step. */
@FunctionalInterface
public interface Steps {
  /**
   * A step was taken.
   *
   * @param name a word, such as {@code refresh}
   * @param text for a person
   */
  void step(String name, String text);
}
