package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** How TUF spells key types, schemes and public keys. */
final class KeyFormat {
  private static final String PEM_BEGIN = "-----BEGIN PUBLIC KEY-----";
  private static final String PEM_END = "-----END PUBLIC KEY-----";

  /** DER of a SubjectPublicKeyInfo up to the key's own bytes; RFC 8410 and RFC 5480. */
  private static final String SPKI_ED25519 = "302a300506032b6570032100";

  private static final String SPKI_P256 = "3059301306072a8648ce3d020106082a8648ce3d030107034200";
  private static final String SPKI_P384 = "3076301006072a8648ce3d020106052b81040022036200";

  private KeyFormat() {}

  /** A key, or empty when type, scheme or spelling is not one of ours. */
  static Optional<VerificationKey> read(String keyType, String scheme, Optional<String> text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    String value = text.get();
    Optional<Bytes> spki =
        switch (keyType) {
          case "rsa", "ml-dsa" -> pem(value);
          case "ed25519" -> hex(SPKI_ED25519, value);
          // The scheme stood for the type in older roots, and some spelled the point in hex.
          case "ecdsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384" ->
              pem(value)
                  .or(
                      () ->
                          hex(scheme.equals("ecdsa-sha2-nistp384") ? SPKI_P384 : SPKI_P256, value));
          default -> Optional.empty();
        };
    return spki.flatMap(bytes -> first(suites(keyType, scheme), bytes));
  }

  /** The suites a type and scheme may mean; for RSA the key itself says which of them it is. */
  private static List<SignatureSuite> suites(String keyType, String scheme) {
    String type = keyType.startsWith("ecdsa") ? "ecdsa" : keyType;
    return switch (type + " " + scheme) {
      case "rsa rsassa-pss-sha256" ->
          List.of(
              SignatureSuite.RSA_PSS_2048_SHA256,
              SignatureSuite.RSA_PSS_3072_SHA256,
              SignatureSuite.RSA_PSS_4096_SHA256);
      case "rsa rsassa-pss-sha384" -> List.of(SignatureSuite.RSA_PSS_4096_SHA384);
      case "rsa rsassa-pss-sha512" -> List.of(SignatureSuite.RSA_PSS_4096_SHA512);
      case "ecdsa ecdsa-sha2-nistp256" -> List.of(SignatureSuite.ECDSA_P256_SHA256);
      case "ecdsa ecdsa-sha2-nistp384" -> List.of(SignatureSuite.ECDSA_P384_SHA384);
      case "ecdsa ecdsa-sha2-nistp521" -> List.of(SignatureSuite.ECDSA_P521_SHA512);
      case "ed25519 ed25519" -> List.of(SignatureSuite.ED25519);
      // TAP 21.
      case "ml-dsa ml-dsa-44/1" -> List.of(SignatureSuite.ML_DSA_44);
      case "ml-dsa ml-dsa-65/1" -> List.of(SignatureSuite.ML_DSA_65);
      case "ml-dsa ml-dsa-87/1" -> List.of(SignatureSuite.ML_DSA_87);
      default -> List.of();
    };
  }

  private static Optional<VerificationKey> first(List<SignatureSuite> suites, Bytes spki) {
    return suites.stream().flatMap(suite -> key(suite, spki).stream()).findFirst();
  }

  private static Optional<VerificationKey> key(SignatureSuite suite, Bytes spki) {
    try {
      return Optional.of(VerificationKey.of(suite, spki));
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }

  static Json.Obj write(VerificationKey key) {
    SignatureSuite suite = key.suite();
    return switch (suite) {
      case RSA_PSS_2048_SHA256, RSA_PSS_3072_SHA256, RSA_PSS_4096_SHA256 ->
          json("rsa", "rsassa-pss-sha256", toPem(key.spki()));
      case RSA_PSS_4096_SHA384 -> json("rsa", "rsassa-pss-sha384", toPem(key.spki()));
      case RSA_PSS_4096_SHA512 -> json("rsa", "rsassa-pss-sha512", toPem(key.spki()));
      case ECDSA_P256_SHA256, ECDSA_P384_SHA384, ECDSA_P521_SHA512 ->
          json("ecdsa", "ecdsa-sha2-nistp" + suite.parameter(), toPem(key.spki()));
      case ED25519 -> json("ed25519", "ed25519", key.spki().hex().substring(SPKI_ED25519.length()));
      case ML_DSA_44, ML_DSA_65, ML_DSA_87 ->
          json("ml-dsa", "ml-dsa-" + suite.parameter() + "/1", toPem(key.spki()));
      case RSA_PKCS1_2048_SHA256,
          RSA_PKCS1_3072_SHA256,
          RSA_PKCS1_3072_SHA384,
          RSA_PKCS1_4096_SHA256,
          RSA_PKCS1_4096_SHA512,
          SLH_DSA_SHA2_128S,
          SLH_DSA_SHA2_192S,
          HSS_LMS ->
          throw new IllegalArgumentException("TUF has no scheme for " + suite.code());
    };
  }

  private static Json.Obj json(String keyType, String scheme, String publicKey) {
    return Json.object()
        .put("keytype", keyType)
        .put("scheme", scheme)
        .put("keyval", Json.object().put("public", publicKey).build())
        .build();
  }

  private static Optional<Bytes> pem(String text) {
    String trimmed = text.strip();
    // The two lines must not share their dashes.
    boolean framed = trimmed.length() >= PEM_BEGIN.length() + PEM_END.length();
    if (!framed || !trimmed.startsWith(PEM_BEGIN) || !trimmed.endsWith(PEM_END)) {
      return Optional.empty();
    }
    String body = trimmed.substring(PEM_BEGIN.length(), trimmed.length() - PEM_END.length());
    try {
      return Optional.of(Bytes.ofBase64(body.replaceAll("[\\r\\n\\t ]", "")));
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }

  private static Optional<Bytes> hex(String spkiPrefix, String text) {
    return hex(spkiPrefix + text);
  }

  /** Lower-case hex, or empty: upper case would be another spelling of the same bytes. */
  static Optional<Bytes> hex(String text) {
    boolean lowerCase = text.chars().noneMatch(c -> c >= 'A' && c <= 'F');
    try {
      return lowerCase
          ? Optional.of(Bytes.copyOf(HexFormat.of().parseHex(text)))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static String toPem(Bytes spki) {
    byte[] newline = "\n".getBytes(StandardCharsets.US_ASCII);
    String body = Base64.getMimeEncoder(64, newline).encodeToString(spki.toByteArray());
    return PEM_BEGIN + "\n" + body + "\n" + PEM_END + "\n";
  }
}
