package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.dsse.Rule;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ManifestCheckTests {
  private static final TestKey RSA = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
  private static final TestKey P384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
  private static final TestKey ML_DSA = TestKey.of(SignatureSuite.ML_DSA_65);
  private static final Profile HYBRID = TestProfile.all(P384, ML_DSA).read();

  private static Envelope signedBy(TestKey... keys) throws Exception {
    Made build = TestBuild.of("34.0").manifestBy(keys).make();
    return Envelope.read(build.envelope().toByteArray());
  }

  private static Bytes bytes(Envelope envelope) {
    return Bytes.copyOf(envelope.toBytes());
  }

  private static RejectedException refused(Envelope envelope, Profile profile) {
    return assertRefused(
        Reason.MANIFEST_RULE_NOT_MET, () -> ManifestCheck.verify(bytes(envelope), profile));
  }

  private static Envelope.Signature broken(Envelope.Signature signature) {
    byte[] bytes = signature.signature().toByteArray();
    bytes[bytes.length / 2] ^= 1;
    return new Envelope.Signature(signature.keyId(), Bytes.copyOf(bytes));
  }

  @Test
  void aManifestSignedAsTheProfileDemandsIsReturned() throws Exception {
    Envelope envelope = signedBy(P384, ML_DSA);
    assertThat(ManifestCheck.verify(bytes(envelope), HYBRID).version()).hasToString("34.0.0+0");
  }

  @Test
  void theOrderOfSignaturesDoesNotMatter() throws Exception {
    ManifestCheck.verify(bytes(signedBy(ML_DSA, P384)), HYBRID);
  }

  @Test
  void anUnsignedManifestIsRefused() throws Exception {
    RejectedException refusal = refused(signedBy(), HYBRID);
    assertThat(refusal.expected()).isEqualTo(HYBRID.rule().toString());
    assertThat(refusal.actual()).isEqualTo("no valid signature that counts");
  }

  @Test
  void aHybridStrippedOfItsPostQuantumHalfIsRefused() throws Exception {
    RejectedException refusal = refused(signedBy(P384), HYBRID);
    assertThat(refusal.reason()).isEqualTo(Reason.MANIFEST_RULE_NOT_MET);
    assertThat(refusal.actual()).contains(P384.keyId().abbreviated());
  }

  @Test
  void aHybridStrippedOfItsClassicalHalfIsRefused() throws Exception {
    refused(signedBy(ML_DSA), HYBRID);
  }

  @Test
  void aHybridWithOneBrokenHalfIsRefused() throws Exception {
    Envelope both = signedBy(P384, ML_DSA);
    for (int half = 0; half < 2; half++) {
      List<Envelope.Signature> signatures = new ArrayList<>(both.signatures());
      signatures.set(half, broken(signatures.get(half)));
      refused(new Envelope(both.payloadType(), both.payload(), signatures), HYBRID);
    }
  }

  @Test
  void halvesOfTwoManifestsDoNotMakeOne() throws Exception {
    Envelope one = signedBy(P384);
    Made other = TestBuild.of("35.0").manifestBy(ML_DSA).make();
    Envelope.Signature foreign = Envelope.read(other.envelope().toByteArray()).signatures().get(0);
    refused(one.with(foreign), HYBRID);
  }

  @Test
  void aBrokenSignatureOfATrustedKeyRefusesEvenWhenAnotherWouldDo() throws Exception {
    Profile any = TestProfile.any(P384, ML_DSA).read();
    Envelope both = signedBy(P384, ML_DSA);
    List<Envelope.Signature> signatures = new ArrayList<>(both.signatures());
    signatures.set(0, broken(signatures.get(0)));
    refused(new Envelope(both.payloadType(), both.payload(), signatures), any);
  }

  @Test
  void aKeyOutsideTheProfileNeitherHelpsNorHarms() throws Exception {
    TestKey stranger = TestKey.of(SignatureSuite.ED25519, "stranger");
    ManifestCheck.verify(bytes(signedBy(stranger, P384, ML_DSA)), HYBRID);
    refused(signedBy(stranger), HYBRID);
  }

  @Test
  void anyOfTakesEither() throws Exception {
    Profile any = TestProfile.any(RSA, P384).read();
    ManifestCheck.verify(bytes(signedBy(RSA)), any);
    ManifestCheck.verify(bytes(signedBy(P384)), any);
    refused(signedBy(ML_DSA), any);
  }

  @Test
  void aNestedRuleIsJudgedInside() throws Exception {
    Rule rule =
        new Rule.Any(
            List.of(
                new Rule.Key(RSA.keyId()),
                new Rule.All(List.of(new Rule.Key(P384.keyId()), new Rule.Key(ML_DSA.keyId())))));
    Profile nested = TestProfile.any(RSA, P384, ML_DSA).rule(rule).read();
    ManifestCheck.verify(bytes(signedBy(RSA)), nested);
    ManifestCheck.verify(bytes(signedBy(P384, ML_DSA)), nested);
    refused(signedBy(P384), nested);
    refused(signedBy(ML_DSA), nested);
  }

  @Test
  void aKeyWhoseSuiteTheCodeDoesNotKnowDoesNotCount() throws Exception {
    Profile classicalCode =
        TestProfile.any(P384, ML_DSA).knows(SignatureSuite.ECDSA_P384_SHA384).read();
    RejectedException refusal = refused(signedBy(ML_DSA), classicalCode);
    assertThat(refusal).hasMessageContaining("unknown to this code");
    ManifestCheck.verify(bytes(signedBy(P384)), classicalCode);
  }

  @Test
  void aKeyUnderTheMinimumStrengthDoesNotCount() throws Exception {
    Profile strict = TestProfile.any(RSA, P384).minStrengthBits(128).read();
    RejectedException refusal = refused(signedBy(RSA), strict);
    assertThat(refusal).hasMessageContaining("too weak");
    assertThat(refused(signedBy(ML_DSA), strict)).hasMessageNotContaining("too weak");
    Profile mixed = TestProfile.all(P384, ML_DSA, RSA).minStrengthBits(128).read();
    assertThat(refused(signedBy(P384, RSA), mixed))
        .hasMessageContaining(RSA.keyId().abbreviated() + " (rsa")
        .hasMessageNotContaining(P384.keyId().abbreviated() + " (ecdsa");
    assertThat(refused(signedBy(P384), HYBRID)).hasMessageNotContaining(";");
    ManifestCheck.verify(bytes(signedBy(P384)), strict);
  }

  @Test
  void aSignatureThatStandsTwiceIsRefused() throws Exception {
    Envelope once = signedBy(P384);
    Envelope twice = once.with(once.signatures().get(0));
    assertRefused(Reason.MALFORMED, () -> ManifestCheck.verify(bytes(twice), HYBRID));
  }

  @Test
  void moreSignaturesThanTheLimitAreRefused() throws Exception {
    Envelope one = signedBy(P384);
    List<Envelope.Signature> many =
        new ArrayList<>(Collections.nCopies(Envelope.MAX_SIGNATURES + 1, one.signatures().get(0)));
    Envelope over = new Envelope(one.payloadType(), one.payload(), many);
    assertRefused(Reason.LIMIT_EXCEEDED, () -> ManifestCheck.verify(bytes(over), HYBRID));
  }

  @Test
  void asManySignaturesAsTheLimitAreJudged() throws Exception {
    TestKey[] keys = new TestKey[Envelope.MAX_SIGNATURES];
    for (int i = 0; i < keys.length; i++) {
      keys[i] = TestKey.of(SignatureSuite.ED25519, "signer " + i);
    }
    ManifestCheck.verify(bytes(signedBy(keys)), TestProfile.all(keys).read());
  }

  @Test
  void anEnvelopeOfAnotherTypeIsRefusedHoweverWellSigned() throws Exception {
    Envelope manifest = signedBy();
    Envelope approval =
        P384.sign(
            new Envelope(
                "application/vnd.otasigner.approval.v1+json", manifest.payload(), List.of()));
    Profile profile = TestProfile.any(P384).read();
    assertRefused(Reason.MALFORMED, () -> ManifestCheck.verify(bytes(approval), profile));
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureSuite.class,
      names = {"SLH_DSA_SHA2_128S", "SLH_DSA_SHA2_192S"})
  void aHybridOfClassicalAndSlhDsaNeedsBothHalves(SignatureSuite suite) throws Exception {
    TestKey slhDsa = TestKey.of(suite);
    Profile hybrid = TestProfile.all(P384, slhDsa).read();
    Envelope both = signedBy(P384, slhDsa);
    assertThat(ManifestCheck.verify(bytes(both), hybrid).version()).hasToString("34.0.0+0");
    for (int half = 0; half < 2; half++) {
      List<Envelope.Signature> signatures = new ArrayList<>(both.signatures());
      refused(
          new Envelope(both.payloadType(), both.payload(), List.of(signatures.get(half))), hybrid);
      signatures.set(half, broken(signatures.get(half)));
      refused(new Envelope(both.payloadType(), both.payload(), signatures), hybrid);
    }
  }

  /** Every bit of the envelope: names, payload type, payload, key identifier and signature. */
  @Test
  void noManifestWithAnyBitFlippedIsTaken() throws Exception {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    Profile profile = TestProfile.any(key).read();
    byte[] envelope = signedBy(key).toBytes();
    ManifestCheck.verify(Bytes.copyOf(envelope), profile);
    List<Integer> accepted = new ArrayList<>();
    for (int bit = 0; bit < envelope.length * 8; bit++) {
      byte[] flipped = envelope.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      try {
        ManifestCheck.verify(Bytes.copyOf(flipped), profile);
        accepted.add(bit);
      } catch (RejectedException e) {
        assertThat(e.reason()).isNotNull();
      }
    }
    assertThat(accepted).as("bits whose flip is not noticed").isEmpty();
  }
}
