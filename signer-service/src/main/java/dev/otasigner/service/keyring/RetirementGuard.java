package dev.otasigner.service.keyring;

/**
 * Asked inside the transaction that deactivates a key; every bean of this type must agree. A
 * feature that knows who still needs a key implements it.
 */
public interface RetirementGuard {
  /**
   * Returns when nobody needs the key any more.
   *
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  void requireUnneeded(KeyEntry key);
}
