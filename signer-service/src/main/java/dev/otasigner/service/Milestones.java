package dev.otasigner.service;

/**
 * Told after each durable step of signing and publishing. The service's own does nothing; tests put
 * one in its place that halts the machine there, to prove that a restart finds its way.
 */
public interface Milestones {
  /** The step of this name is durable; the next one has not begun. */
  void passed(String milestone);
}
