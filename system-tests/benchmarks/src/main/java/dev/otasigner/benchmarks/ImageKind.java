package dev.otasigner.benchmarks;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.mcuboot.AssembleOptions;

/** Every kind of key and hash that bootloaders are built for. */
public enum ImageKind {
  RSA_2048(SignatureSuite.RSA_PSS_2048_SHA256, ImageHash.SHA256, false),
  RSA_3072(SignatureSuite.RSA_PSS_3072_SHA256, ImageHash.SHA256, false),
  ECDSA_P256(SignatureSuite.ECDSA_P256_SHA256, ImageHash.SHA256, false),
  ECDSA_P384(SignatureSuite.ECDSA_P384_SHA384, ImageHash.SHA384, false),
  ED25519(SignatureSuite.ED25519, ImageHash.SHA256, false),
  ED25519_SHA512(SignatureSuite.ED25519, ImageHash.SHA512, false),
  ED25519_PURE(SignatureSuite.ED25519, ImageHash.SHA512, true);

  private final SignatureSuite suite;
  private final ImageHash hash;
  private final boolean pure;

  ImageKind(SignatureSuite suite, ImageHash hash, boolean pure) {
    this.suite = suite;
    this.hash = hash;
    this.pure = pure;
  }

  SignatureSuite suite() {
    return suite;
  }

  /** As {@code openssl} names the image's hash. */
  String digest() {
    return hash.code();
  }

  boolean pure() {
    return pure;
  }

  void apply(AssembleOptions.Builder options) {
    if (pure) {
      options.pure();
    } else {
      options.hash(hash);
    }
  }
}
