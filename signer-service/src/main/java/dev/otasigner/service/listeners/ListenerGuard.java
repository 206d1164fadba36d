package dev.otasigner.service.listeners;

/** Asked before a listener closes. */
public interface ListenerGuard {
  /**
   * Returns when no device would be cut off.
   *
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND, with who would be
   */
  void requireUnneeded(ListenerSpec listener);
}
