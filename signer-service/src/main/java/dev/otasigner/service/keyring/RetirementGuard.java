package dev.otasigner.service.keyring;

import java.time.Instant;
import java.util.Map;

/**
 * Asked inside the transaction that stops a key; every bean of this type must agree. A feature that
 * knows who still needs a key implements it.
 */
public interface RetirementGuard {
  /**
   * Returns when nobody needs the key any more.
   *
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  void requireUnneeded(KeyEntry key);

  /**
   * Returns when nobody will need the key any more once whoever needs it now has taken what is
   * offered already.
   *
   * @param end when it is to sign no more
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  void requireLeaving(KeyEntry key, Instant end);

  /**
   * What comes of stopping the key though somebody may need it, for the record of it: nothing is
   * refused here.
   */
  Map<String, String> consequences(KeyEntry key);
}
