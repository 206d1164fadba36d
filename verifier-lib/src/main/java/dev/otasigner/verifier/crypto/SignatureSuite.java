package dev.otasigner.verifier.crypto;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The closed registry: each constant is a whole suite of key type, size, hash and padding, so that
 * no combination is left to be checked at run time. On the wire a suite is its name in lower case
 * with hyphens. A new cipher is a new constant, and the compiler lists what it touches.
 */
public enum SignatureSuite {
  /** RFC 8017 section 8.2, with the one encoding of section 9.2. So for every PKCS#1 suite. */
  RSA_PKCS1_2048_SHA256(Family.RSA_PKCS1, 2048, "SHA-256", 256),
  RSA_PKCS1_3072_SHA256(Family.RSA_PKCS1, 3072, "SHA-256", 384),
  RSA_PKCS1_3072_SHA384(Family.RSA_PKCS1, 3072, "SHA-384", 384),
  RSA_PKCS1_4096_SHA256(Family.RSA_PKCS1, 4096, "SHA-256", 512),
  RSA_PKCS1_4096_SHA512(Family.RSA_PKCS1, 4096, "SHA-512", 512),
  /**
   * RFC 8017 section 8.1: MGF1 with the same hash, salt as long as the hash. So for every PSS
   * suite.
   */
  RSA_PSS_2048_SHA256(Family.RSA_PSS, 2048, "SHA-256", 256),
  RSA_PSS_3072_SHA256(Family.RSA_PSS, 3072, "SHA-256", 384),
  RSA_PSS_4096_SHA256(Family.RSA_PSS, 4096, "SHA-256", 512),
  RSA_PSS_4096_SHA384(Family.RSA_PSS, 4096, "SHA-384", 512),
  RSA_PSS_4096_SHA512(Family.RSA_PSS, 4096, "SHA-512", 512),
  /** FIPS 186-5, signatures in DER, as short as DER allows. So for every ECDSA suite. */
  ECDSA_P256_SHA256(Family.ECDSA, 256, "SHA-256", 72),
  ECDSA_P384_SHA384(Family.ECDSA, 384, "SHA-384", 104),
  ECDSA_P521_SHA512(Family.ECDSA, 521, "SHA-512", 139),
  /** RFC 8032 section 5.1, pure. */
  ED25519(Family.ED25519, 256, null, 64),
  /** FIPS 204, pure, empty context. So for every ML-DSA suite. */
  ML_DSA_44(Family.ML_DSA, 44, null, 2420),
  ML_DSA_65(Family.ML_DSA, 65, null, 3309),
  ML_DSA_87(Family.ML_DSA, 87, null, 4627),
  /** FIPS 205, pure, empty context. So for every SLH-DSA suite. */
  SLH_DSA_SHA2_128S(Family.SLH_DSA, 128, null, 7856),
  SLH_DSA_SHA2_192S(Family.SLH_DSA, 192, null, 16224),
  /**
   * RFC 8554 HSS, one to four levels of any height and Winternitz width, SHA-256 with 32 bytes;
   * verified only, never signed in software.
   */
  HSS_LMS(Family.HSS_LMS, 256, null, HssShape.MAX_SIGNATURE_BYTES);

  /** What decides how a key is read and a signature is checked. */
  public enum Family {
    /** RSASSA-PKCS1-v1_5, RFC 8017. */
    RSA_PKCS1,

    /** RSASSA-PSS, RFC 8017. */
    RSA_PSS,

    /** FIPS 186-5, over the curves of NIST. */
    ECDSA,

    /** RFC 8032. */
    ED25519,

    /** FIPS 204. */
    ML_DSA,

    /** FIPS 205. */
    SLH_DSA,

    /** RFC 8554. */
    HSS_LMS
  }

  private final Family family;
  private final int parameter;
  private final @Nullable String hash;
  private final int maxSignatureBytes;

  SignatureSuite(Family family, int parameter, @Nullable String hash, int maxSignatureBytes) {
    this.family = family;
    this.parameter = parameter;
    this.hash = hash;
    this.maxSignatureBytes = maxSignatureBytes;
  }

  /** The name on the wire, such as {@code ecdsa-p256-sha256}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The suite of this name, or null when the registry has none. */
  public static @Nullable SignatureSuite ofCode(String code) {
    for (SignatureSuite suite : values()) {
      if (suite.code().equals(code)) {
        return suite;
      }
    }
    return null;
  }

  /** How its keys are read and its signatures are checked. */
  public Family family() {
    return family;
  }

  /**
   * Modulus bits for RSA, curve bits for ECDSA, the parameter set's number for ML-DSA and SLH-DSA,
   * 256 for the others.
   */
  public int parameter() {
    return parameter;
  }

  /** JCA name of the hash over which the suite signs, or null when it takes the message whole. */
  public @Nullable String hash() {
    return hash;
  }

  /**
   * Security strength in bits, NIST SP 800-57 part 1 (classical) or the FIPS category: 112, 128,
   * 192 or 256.
   */
  public int strengthBits() {
    return SuiteTable.of(this).strengthBits();
  }

  /**
   * Until when to sign with it without second thoughts, NIST IR 8547; empty when no end is known. A
   * device refuses nothing by this date: it may have no clock, and must still take the build that
   * replaces the suite.
   */
  public Optional<Instant> deprecatedAfter() {
    return SuiteTable.of(this).deprecatedAfter();
  }

  /** From when on nobody should rely on it, NIST IR 8547; as {@link #deprecatedAfter}. */
  public Optional<Instant> disallowedAfter() {
    return SuiteTable.of(this).disallowedAfter();
  }

  /** Whether it is made to hold against quantum computers: ML-DSA, SLH-DSA and HSS/LMS. */
  public boolean isPostQuantum() {
    return switch (family) {
      case RSA_PKCS1, RSA_PSS, ECDSA, ED25519 -> false;
      case ML_DSA, SLH_DSA, HSS_LMS -> true;
    };
  }

  /** No valid signature of this suite is longer, in bytes. */
  public int maxSignatureBytes() {
    return maxSignatureBytes;
  }

  /** Whether a signature of this suite can be so long; only ECDSA and HSS vary. */
  boolean takesSignatureOf(int bytes) {
    return switch (family) {
      case RSA_PKCS1, RSA_PSS, ED25519, ML_DSA, SLH_DSA -> bytes == maxSignatureBytes;
      case ECDSA, HSS_LMS -> bytes <= maxSignatureBytes;
    };
  }
}
