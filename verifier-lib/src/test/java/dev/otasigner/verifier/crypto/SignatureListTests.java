package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.dsse.Envelope.Signature;
import dev.otasigner.verifier.testing.TestKey;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A verifier of several signatures must be tried with none, one, the same twice and another order:
 * CVE-2026-5588 was an empty list that was accepted.
 */
class SignatureListTests {
  private static final Envelope UNSIGNED =
      new Envelope("application/vnd.example+json", Bytes.copyOf("{}".getBytes(UTF_8)), List.of());

  /** Each suite signs once: hash-based signatures take seconds. */
  private static final Map<SignatureSuite, Signature> SIGNATURES =
      new EnumMap<>(SignatureSuite.class);

  private static final TestKey SECOND = TestKey.of(SignatureSuite.ED25519, "second");

  private static Signature signature(SignatureSuite suite) {
    return SIGNATURES.computeIfAbsent(suite, s -> TestKey.of(s).sign(UNSIGNED).signatures().get(0));
  }

  private static List<VerificationKey> keys(TestKey... keys) {
    return List.of(keys).stream().map(TestKey::key).toList();
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void noSignatureMakesNoSigner(SignatureSuite suite) throws Exception {
    Envelope read = Envelope.read(UNSIGNED.toBytes());
    assertThat(read.validSigners(keys(TestKey.of(suite)))).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void oneSignatureMakesOneSigner(SignatureSuite suite) throws Exception {
    TestKey key = TestKey.of(suite);
    Envelope read = Envelope.read(UNSIGNED.with(signature(suite)).toBytes());
    assertThat(read.validSigners(keys(key, SECOND))).containsExactly(key.keyId());
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void theSameSignerTwiceIsRefusedWhenReadAndCountsOnceInMemory(SignatureSuite suite)
      throws Exception {
    TestKey key = TestKey.of(suite);
    Envelope twice = UNSIGNED.with(signature(suite)).with(signature(suite));
    assertThat(twice.validSigners(keys(key, key))).containsExactly(key.keyId());
    assertRefused(Reason.MALFORMED, () -> Envelope.read(twice.toBytes()));
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void theOrderOfSignaturesAndKeysDoesNotMatter(SignatureSuite suite) throws Exception {
    TestKey first = TestKey.of(suite);
    Envelope oneWay = SECOND.sign(UNSIGNED.with(signature(suite)));
    Envelope other = SECOND.sign(UNSIGNED).with(signature(suite));
    for (Envelope envelope : List.of(oneWay, other)) {
      Envelope read = Envelope.read(envelope.toBytes());
      assertThat(read.validSigners(keys(first, SECOND)))
          .containsExactlyInAnyOrder(first.keyId(), SECOND.keyId());
      assertThat(read.validSigners(keys(SECOND, first)))
          .containsExactlyInAnyOrder(first.keyId(), SECOND.keyId());
    }
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aSignatureUnderTheOthersNameIsRefused(SignatureSuite suite) {
    Envelope swapped = UNSIGNED.with(new Signature(SECOND.keyId(), signature(suite).signature()));
    assertRefused(
        Reason.BAD_SIGNATURE, () -> swapped.validSigners(keys(TestKey.of(suite), SECOND)));
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void moreSignaturesThanTheLimitAreRefusedWhateverTheirSuite(SignatureSuite suite)
      throws Exception {
    Envelope most = UNSIGNED.with(signature(suite));
    while (most.signatures().size() < Envelope.MAX_SIGNATURES) {
      most = most.with(by("other " + most.signatures().size()));
    }
    TestKey key = TestKey.of(suite);
    assertThat(Envelope.read(most.toBytes()).validSigners(keys(key))).containsExactly(key.keyId());
    Envelope over = most.with(by("one too many"));
    assertRefused(Reason.LIMIT_EXCEEDED, () -> Envelope.read(over.toBytes()));
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aLongListOfTheSameSignatureIsRefusedWhateverItsSuite(SignatureSuite suite) {
    Envelope many = UNSIGNED;
    while (many.signatures().size() <= Envelope.MAX_SIGNATURES) {
      many = many.with(signature(suite));
    }
    Envelope over = many;
    assertRefused(Reason.LIMIT_EXCEEDED, () -> Envelope.read(over.toBytes()));
  }

  /** By a key that nobody trusts. */
  private static Signature by(String name) {
    return new Signature(Digest.of(name.getBytes(UTF_8)), Bytes.copyOf(new byte[64]));
  }
}
