package dev.otasigner.keys.pkcs11;

/** Numbers of PKCS#11 2.40, under the names they have there; only those that are used. */
final class Ck {
  static final long CKF_TOKEN_INITIALIZED = 0x400;
  static final long CKF_USER_PIN_FINAL_TRY = 0x20000;
  static final long CKF_USER_PIN_LOCKED = 0x40000;

  static final long CKF_OS_LOCKING_OK = 2;
  static final long CKF_RW_SESSION = 2;
  static final long CKF_SERIAL_SESSION = 4;
  static final long CKF_SIGN = 0x800;
  static final long CKF_GENERATE_KEY_PAIR = 0x10000;
  static final long CKU_USER = 1;

  static final long CKO_CERTIFICATE = 1;
  static final long CKO_PUBLIC_KEY = 2;
  static final long CKO_PRIVATE_KEY = 3;
  static final long CKC_X_509 = 0;
  static final long CKK_RSA = 0;
  static final long CKK_EC = 3;

  static final long CKA_CLASS = 0;
  static final long CKA_TOKEN = 1;
  static final long CKA_PRIVATE = 2;
  static final long CKA_LABEL = 3;
  static final long CKA_VALUE = 0x11;
  static final long CKA_CERTIFICATE_TYPE = 0x80;
  static final long CKA_ISSUER = 0x81;
  static final long CKA_SERIAL_NUMBER = 0x82;
  static final long CKA_KEY_TYPE = 0x100;
  static final long CKA_SUBJECT = 0x101;
  static final long CKA_ID = 0x102;
  static final long CKA_SENSITIVE = 0x103;
  static final long CKA_DECRYPT = 0x105;
  static final long CKA_UNWRAP = 0x107;
  static final long CKA_SIGN = 0x108;
  static final long CKA_SIGN_RECOVER = 0x109;
  static final long CKA_VERIFY = 0x10a;
  static final long CKA_DERIVE = 0x10c;
  static final long CKA_MODULUS = 0x120;
  static final long CKA_MODULUS_BITS = 0x121;
  static final long CKA_PUBLIC_EXPONENT = 0x122;
  static final long CKA_PRIVATE_EXPONENT = 0x123;
  static final long CKA_PRIME_1 = 0x124;
  static final long CKA_PRIME_2 = 0x125;
  static final long CKA_EXPONENT_1 = 0x126;
  static final long CKA_EXPONENT_2 = 0x127;
  static final long CKA_COEFFICIENT = 0x128;
  static final long CKA_EXTRACTABLE = 0x162;
  static final long CKA_NEVER_EXTRACTABLE = 0x164;
  static final long CKA_ALWAYS_SENSITIVE = 0x165;
  static final long CKA_EC_PARAMS = 0x180;
  static final long CKA_EC_POINT = 0x181;
  static final long CKA_ALWAYS_AUTHENTICATE = 0x202;

  static final long CKM_RSA_PKCS_KEY_PAIR_GEN = 0;
  static final long CKM_RSA_PKCS = 1;
  static final long CKM_RSA_PKCS_PSS = 0xd;
  static final long CKM_EC_KEY_PAIR_GEN = 0x1040;
  static final long CKM_ECDSA = 0x1041;

  static final long CKR_ATTRIBUTE_SENSITIVE = 0x11;
  static final long CKR_ATTRIBUTE_TYPE_INVALID = 0x12;
  static final long CKR_MECHANISM_INVALID = 0x70;
  static final long CKR_PIN_INCORRECT = 0xa0;
  static final long CKR_PIN_INVALID = 0xa1;
  static final long CKR_PIN_LEN_RANGE = 0xa2;
  static final long CKR_PIN_EXPIRED = 0xa3;
  static final long CKR_PIN_LOCKED = 0xa4;
  static final long CKR_USER_ALREADY_LOGGED_IN = 0x100;

  private Ck() {}
}
