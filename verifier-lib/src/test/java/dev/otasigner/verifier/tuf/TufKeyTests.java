package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TufKeyTests {
  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {
        "RSA_PSS_2048_SHA256",
        "RSA_PSS_3072_SHA256",
        "ECDSA_P256_SHA256",
        "ECDSA_P384_SHA384",
        "ECDSA_P521_SHA512",
        "ED25519",
        "ML_DSA_44",
        "ML_DSA_65",
        "ML_DSA_87"
      })
  void aWrittenKeyIsReadAsItWasAndVerifiesATimestamp(SignatureSuite suite) throws Exception {
    TestKey key = TestKey.of(suite);
    TufKey written = TufKey.of(key.anchor());
    TufKey read = TufKey.read(written.keyId(), new Fields(written.toJson(), ""));
    assertThat(read).isEqualTo(written);
    assertThat(read.hasTrueKeyId()).isTrue();
    assertThat(read.verificationKey()).hasValue(key.key());

    RepositorySimulator repository = new RepositorySimulator();
    repository.keys("timestamp", 1, key).publishRoot();
    repository.publishTimestamp();
    TestClient client = new TestClient(repository);
    client.refresh();
    assertThat(client.trusted("timestamp")).isEqualTo(2);
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {"RSA_PKCS1_2048_SHA256", "SLH_DSA_SHA2_128S", "HSS_LMS"})
  void aSuiteWithoutATufSchemeIsNotWritten(SignatureSuite suite) {
    VerificationKey key = TestKey.of(suite).key();
    assertThatIllegalArgumentException().isThrownBy(() -> TufKey.of(key));
  }

  @Test
  void ed25519IsWrittenInHexAndMlDsaInPem() {
    assertThat(publicKey(TufKey.of(TestKey.of(SignatureSuite.ED25519).key())))
        .matches("[0-9a-f]{64}");
    TufKey mlDsa = TufKey.of(TestKey.of(SignatureSuite.ML_DSA_44).key());
    assertThat(publicKey(mlDsa))
        .startsWith("-----BEGIN PUBLIC KEY-----\n")
        .endsWith("-----END PUBLIC KEY-----\n");
    assertThat(member(mlDsa, "keytype")).isEqualTo("ml-dsa");
    assertThat(member(mlDsa, "scheme")).isEqualTo("ml-dsa-44/1");
  }

  @Test
  void theIdentifierIsTheDigestOfTheWholeKeyWithUnknownMembers() throws Exception {
    TufKey plain = TufKey.of(TestKey.of(SignatureSuite.ED25519).key());
    Json.Obj annotated =
        Tampering.with(plain.toJson(), "x-tuf-on-ci-keyowner", none -> new Json.Str("@someone"));
    String keyId = Digest.of(annotated.canonicalBytes()).hex();
    assertThat(TufKey.read(keyId, new Fields(annotated, "")).hasTrueKeyId()).isTrue();
    TufKey misnamed = TufKey.read(plain.keyId(), new Fields(annotated, ""));
    assertThat(misnamed.hasTrueKeyId()).isFalse();
    assertThat(misnamed.verificationKey()).isEmpty();
    assertThat(misnamed.toJson()).isEqualTo(annotated);
  }

  /** Roots of 2021 and 2022 spell the type as the scheme, and the point in hex. */
  @Test
  void olderSpellingsOfEcdsaKeysAreRead() throws Exception {
    for (SignatureSuite suite :
        new SignatureSuite[] {SignatureSuite.ECDSA_P256_SHA256, SignatureSuite.ECDSA_P384_SHA384}) {
      VerificationKey key = TestKey.of(suite).key();
      int point = 1 + 2 * suite.parameter() / 8;
      String spki = key.spki().hex();
      String hex = spki.substring(spki.length() - 2 * point);
      String scheme = "ecdsa-sha2-nistp" + suite.parameter();
      assertThat(read(scheme, scheme, hex).verificationKey()).hasValue(key);
      assertThat(read(scheme, scheme, publicKey(TufKey.of(key))).verificationKey()).hasValue(key);
    }
  }

  @Test
  void whatIsNotSupportedNeverCounts() throws Exception {
    String ed25519 = publicKey(TufKey.of(TestKey.of(SignatureSuite.ED25519).key()));
    String rsa = publicKey(TufKey.of(TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256).key()));
    String p256 = publicKey(TufKey.of(TestKey.of(SignatureSuite.ECDSA_P256_SHA256).key()));
    String[][] cases = {
      {"ed25519", "ed25519ph", ed25519},
      {"ed25519", "ed25519", ed25519.substring(2)},
      {"ed25519", "ed25519", "not hex"},
      {"rsa", "ed25519", ed25519},
      {"rsa", "rsa-pkcs1v15-sha256", rsa},
      {"rsa", "rsassa-pss-sha512", rsa},
      {"rsa", "rsassa-pss-sha256", rsa.replace("PUBLIC", "PRIVATE")},
      {"rsa", "rsassa-pss-sha256", rsa.substring(0, 200)},
      {"rsa", "rsassa-pss-sha256", rsa.replace("BEGIN PUBLIC", "BEGIN PUBLIK")},
      {"rsa", "rsassa-pss-sha256", rsa.replace("END PUBLIC", "END PUBLIK")},
      {"ecdsa", "ecdsa-sha2-nistp384", p256},
      {"ecdsa", "ecdsa-sha2-nistp256", rsa},
      {"ml-dsa", "ml-dsa-65", p256},
      {"gpg", "pgp+rsa-pkcsv1.5", "00"},
    };
    for (String[] c : cases) {
      assertThat(read(c[0], c[1], c[2]).verificationKey()).as(Arrays.toString(c)).isEmpty();
    }
  }

  @Test
  void aKeyWithoutAPublicPartNeverCounts() throws Exception {
    Json.Obj json =
        Json.object()
            .put("keytype", "ed25519")
            .put("scheme", "ed25519")
            .put("keyval", Json.object().build())
            .build();
    String keyId = Digest.of(json.canonicalBytes()).hex();
    assertThat(TufKey.read(keyId, new Fields(json, "")).verificationKey()).isEmpty();
  }

  @Test
  void aPemWhoseTwoLinesShareTheirDashesNeverCounts() throws Exception {
    for (String keyType : new String[] {"rsa", "ml-dsa", "ecdsa"}) {
      String overlapping = "-----BEGIN PUBLIC KEY-----END PUBLIC KEY-----";
      String scheme = "ecdsa-sha2-nistp256";
      assertThat(read(keyType, scheme, overlapping).verificationKey()).as(keyType).isEmpty();
    }
  }

  @Test
  void aKeyInUpperCaseHexNeverCounts() throws Exception {
    String hex = publicKey(TufKey.of(TestKey.of(SignatureSuite.ED25519).key()));
    assertThat(read("ed25519", "ed25519", hex).verificationKey()).isPresent();
    String upper = hex.toUpperCase(Locale.ROOT);
    assertThat(upper).isNotEqualTo(hex);
    assertThat(read("ed25519", "ed25519", upper).verificationKey()).isEmpty();
  }

  @Test
  void aKeyWithoutItsMembersIsMalformed() {
    Json.Obj json = Json.object().put("keytype", "ed25519").put("scheme", "ed25519").build();
    TestClient.assertRefused(Reason.MALFORMED, () -> TufKey.read("k", new Fields(json, "keys.k")));
  }

  /** TAP 21: pure ML-DSA over "tuf", 1 and the SHA-512 of the canonical form. */
  @Test
  void mlDsaSignsATaggedDigest() throws Exception {
    TestKey key = TestKey.of(SignatureSuite.ML_DSA_44);
    Json.Obj signed = Json.object().put("b", 1).put("a", "x").build();
    byte[] canonical = "{\"a\":\"x\",\"b\":1}".getBytes(StandardCharsets.UTF_8);
    byte[] toBeSigned = SignedMetadata.toBeSigned(TufKey.of(key.key()), signed);
    assertThat(toBeSigned).hasSize(68).startsWith('t', 'u', 'f', 1);
    assertThat(Arrays.copyOfRange(toBeSigned, 4, 68))
        .isEqualTo(Digest.digest("SHA-512").digest(canonical));
  }

  @Test
  void othersSignTheCanonicalForm() {
    TufKey key = TufKey.of(TestKey.of(SignatureSuite.ED25519).key());
    Json.Obj signed = Json.object().put("b", 1).put("a", "x").build();
    assertThat(SignedMetadata.toBeSigned(key, signed))
        .isEqualTo("{\"a\":\"x\",\"b\":1}".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void twoSignaturesOfMlDsa87NeedALargerLimitForTheTimestamp() throws Exception {
    RepositorySimulator repository = new RepositorySimulator();
    TestKey one = TestKey.of(SignatureSuite.ML_DSA_87, "one");
    TestKey two = TestKey.of(SignatureSuite.ML_DSA_87, "two");
    repository.keys("timestamp", 2, one, two).publishRoot();
    repository.publishTimestamp();
    TestClient client = new TestClient(repository);
    client.assertRefused(Reason.LIMIT_EXCEEDED, "timestamp");
    client.limits(TufLimits.COMMON.withTimestampBytes(32_768)).refresh();
    assertThat(client.trusted("timestamp")).isEqualTo(2);
  }

  private static TufKey read(String keyType, String scheme, String publicKey) throws Exception {
    Json.Obj json =
        Json.object()
            .put("keytype", keyType)
            .put("scheme", scheme)
            .put("keyval", Json.object().put("public", publicKey).build())
            .build();
    TufKey key = TufKey.read(Digest.of(json.canonicalBytes()).hex(), new Fields(json, ""));
    assertThat(key.hasTrueKeyId()).isTrue();
    return key;
  }

  private static String publicKey(TufKey key) {
    Json keyval = key.toJson().members().get("keyval");
    if (keyval instanceof Json.Obj object && object.members().get("public") instanceof Json.Str s) {
      return s.value();
    }
    throw new IllegalStateException("a key without a public part");
  }

  private static String member(TufKey key, String name) {
    return key.toJson().members().get(name) instanceof Json.Str s ? s.value() : "";
  }

  @Test
  void noDigitOfAHexNumberMayBeInUpperCase() {
    for (char digit : "0123456789abcdef".toCharArray()) {
      assertThat(KeyFormat.hex("0" + digit)).as("0" + digit).isPresent();
    }
    for (char digit : "ABCDEF".toCharArray()) {
      assertThat(KeyFormat.hex("0" + digit)).as("0" + digit).isEmpty();
    }
  }
}
