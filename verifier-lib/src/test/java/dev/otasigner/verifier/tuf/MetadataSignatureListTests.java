package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Lists of signatures as no well-meant writer makes them, with every suite that TUF has. */
class MetadataSignatureListTests {
  private static final TestKey SECOND = RepositorySimulator.key("second");

  private final RepositorySimulator repository = new RepositorySimulator();

  @Retention(RetentionPolicy.RUNTIME)
  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {
        "RSA_PSS_2048_SHA256",
        "RSA_PSS_3072_SHA256",
        "RSA_PSS_4096_SHA256",
        "RSA_PSS_4096_SHA384",
        "RSA_PSS_4096_SHA512",
        "ECDSA_P256_SHA256",
        "ECDSA_P384_SHA384",
        "ECDSA_P521_SHA512",
        "ED25519",
        "ML_DSA_44",
        "ML_DSA_65",
        "ML_DSA_87"
      })
  @interface EveryTufSuite {}

  /** One key pair of RSA-4096 does for its three suites: making one takes seconds. */
  private static TestKey key(SignatureSuite suite) {
    return suite.name().startsWith("RSA_PSS_4096")
        ? TestKey.of(SignatureSuite.RSA_PSS_4096_SHA256).as(suite)
        : TestKey.of(suite);
  }

  /** A client that trusts these keys for the timestamp, which is then signed like this. */
  private TestClient client(int threshold, TestKey... keys) {
    repository.keys("timestamp", threshold, keys).publishRoot();
    repository.publishTimestamp();
    return new TestClient(repository).limits(TufLimits.COMMON.withTimestampBytes(100_000));
  }

  private void sign(KeySignature... signatures) throws Exception {
    Tampering.put(repository, "metadata/timestamp.json", signed(), signatures);
  }

  private Json.Obj signed() throws Exception {
    return Tampering.signed(repository, "timestamp");
  }

  private KeySignature by(TestKey key) throws Exception {
    return Tampering.signature(key, signed());
  }

  @EveryTufSuite
  void noSignatureIsBelowTheThreshold(SignatureSuite suite) throws Exception {
    TestClient client = client(1, key(suite));
    sign();
    client.assertRefused(Reason.BELOW_THRESHOLD, "timestamp");
  }

  @EveryTufSuite
  void anEmptySignatureIsBelowTheThreshold(SignatureSuite suite) throws Exception {
    TestKey key = key(suite);
    TestClient client = client(1, key);
    sign(new KeySignature(TufKey.of(key.key()).keyId(), Bytes.copyOf(new byte[0])));
    client.assertRefused(Reason.BELOW_THRESHOLD, "timestamp");
  }

  @EveryTufSuite
  void oneSignatureTwiceIsMalformed(SignatureSuite suite) throws Exception {
    TestKey key = key(suite);
    TestClient client = client(2, key, SECOND);
    sign(by(key), by(key));
    client.assertRefused(Reason.MALFORMED, "timestamp");
  }

  @EveryTufSuite
  void theOrderOfSignaturesDoesNotMatter(SignatureSuite suite) throws Exception {
    TestKey key = key(suite);
    TestClient client = client(2, key, SECOND);
    sign(by(key), by(SECOND));
    client.refresh();
    repository.publishTimestamp();
    sign(by(SECOND), by(key));
    client.refresh();
    assertThat(client.trusted("timestamp")).isEqualTo(repository.version("timestamp"));
  }

  @EveryTufSuite
  void a256thSignatureCountsAndA257thIsOneTooMany(SignatureSuite suite) throws Exception {
    TestKey key = key(suite);
    TestClient client = client(1, key);
    List<KeySignature> signatures = new ArrayList<>();
    for (int i = 0; i < 255; i++) {
      signatures.add(new KeySignature("stranger " + i, Bytes.copyOf(new byte[] {1})));
    }
    signatures.add(by(key));
    sign(signatures.toArray(KeySignature[]::new));
    client.refresh();

    repository.publishTimestamp();
    signatures.set(255, by(key));
    signatures.add(0, new KeySignature("one more", Bytes.copyOf(new byte[] {1})));
    sign(signatures.toArray(KeySignature[]::new));
    client.assertRefused(Reason.LIMIT_EXCEEDED, "timestamp");
  }
}
