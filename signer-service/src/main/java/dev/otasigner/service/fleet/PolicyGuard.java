package dev.otasigner.service.fleet;

/**
 * Asked inside the transaction that changes a product's policy; every bean of this type must agree.
 * A feature that knows what becomes of devices implements it.
 */
public interface PolicyGuard {
  /**
   * Returns when builds to come, as the policy lets them be, serve whoever is served now.
   *
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  void requireServed(String product, ProductPolicy before, ProductPolicy after);
}
