package dev.otasigner.keys.pkcs11;

import java.util.Optional;

/** What mechanisms a token has, with which sizes of keys. */
interface MechanismTable {
  /** Empty when the token does not have the mechanism. */
  Optional<KeySizes> sizes(long slot, long mechanism) throws CryptokiException;

  /**
   * What CK_MECHANISM_INFO says.
   *
   * @param max 0 where the token does not say
   */
  record KeySizes(long min, long max, long flags) {
    boolean has(long flag) {
      return (flags & flag) != 0;
    }

    boolean include(int bits) {
      return max == 0 || min <= bits && bits <= max;
    }
  }
}
