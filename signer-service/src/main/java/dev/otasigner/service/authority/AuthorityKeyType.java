package dev.otasigner.service.authority;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.ClientKeyType;

/** The key an authority signs with: RSA vouches for RSA keys, EC for EC keys. */
public enum AuthorityKeyType {
  RSA_2048(SignatureSuite.RSA_PKCS1_2048_SHA256, "rsa-2048"),
  P_384(SignatureSuite.ECDSA_P384_SHA384, "p-384");

  private final SignatureSuite suite;
  private final String code;

  AuthorityKeyType(SignatureSuite suite, String code) {
    this.suite = suite;
    this.code = code;
  }

  /** What vouches for a key of this type. */
  public static AuthorityKeyType forKey(ClientKeyType type) {
    return switch (type) {
      case RSA_2048 -> RSA_2048;
      case P_256, P_384 -> P_384;
    };
  }

  public SignatureSuite suite() {
    return suite;
  }

  String code() {
    return code;
  }
}
