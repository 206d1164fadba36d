package dev.otasigner.verifier.dsse;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class EnvelopeTests {
  private static final String TYPE = "application/vnd.otasigner.test+json";
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
  private static final TestKey ED25519 = TestKey.of(SignatureSuite.ED25519);

  private final Envelope unsigned = new Envelope(TYPE, bytes("{\"a\":1}"), List.of());

  private static Bytes bytes(String text) {
    return Bytes.copyOf(text.getBytes(UTF_8));
  }

  private static Envelope reread(Envelope envelope) throws Exception {
    return Envelope.read(envelope.toBytes());
  }

  @Test
  void whatIsSignedIsThePreAuthenticationEncodingOfTheSpecification() {
    // The example of the DSSE v1 protocol document.
    byte[] signed = Envelope.toBeSigned("http://example.com/HelloWorld", bytes("hello world"));
    assertThat(new String(signed, UTF_8))
        .isEqualTo("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  }

  @Test
  void aControlCharacterInThePayloadTypeIsReadAsItWasWritten() throws Exception {
    Envelope envelope = new Envelope("line\nend\u0001", bytes("{}"), List.of());
    assertThat(reread(envelope)).isEqualTo(envelope);
  }

  @Test
  void lengthsAreCountedInBytesNotCharacters() {
    byte[] signed = Envelope.toBeSigned("é", bytes("ü"));
    assertThat(new String(signed, UTF_8)).isEqualTo("DSSEv1 2 é 2 ü");
  }

  @Test
  void typeAndPayloadCannotBeShiftedIntoEachOther() {
    assertThat(Envelope.toBeSigned("a 1 b", bytes("c")))
        .isNotEqualTo(Envelope.toBeSigned("a", bytes("b 1 c")));
  }

  @Test
  void anEnvelopeReadsBackAsItWasWritten() throws Exception {
    Envelope signed = ED25519.sign(P256.sign(unsigned));
    assertThat(reread(signed)).isEqualTo(signed);
  }

  @Test
  void withoutSignaturesNobodyHasSigned() throws Exception {
    assertThat(reread(unsigned).validSigners(List.of(P256.key()))).isEmpty();
  }

  @Test
  void withoutKeysNobodyHasSigned() throws Exception {
    assertThat(P256.sign(unsigned).validSigners(List.of())).isEmpty();
  }

  @Test
  void theOrderOfSignaturesDoesNotMatter() throws Exception {
    Envelope signed = ED25519.sign(P256.sign(unsigned));
    List<Envelope.Signature> reversed = new ArrayList<>(signed.signatures());
    Collections.reverse(reversed);
    Envelope other = reread(new Envelope(TYPE, signed.payload(), reversed));
    assertThat(other.validSigners(List.of(P256.key(), ED25519.key())))
        .containsExactlyInAnyOrder(P256.keyId(), ED25519.keyId());
  }

  @Test
  void aKeyThatSignsTwiceIsRefused() {
    Envelope twice = P256.sign(P256.sign(unsigned));
    assertRefused(Reason.MALFORMED, () -> reread(twice));
  }

  @Test
  void sixteenSignaturesAreReadAndOneMoreRefused() throws Exception {
    Envelope full = unsigned;
    for (int i = 0; i < Envelope.MAX_SIGNATURES; i++) {
      full = full.with(new Envelope.Signature(Digest.of(new byte[] {(byte) i}), bytes("x")));
    }
    assertThat(reread(full).signatures()).hasSize(16);
    Envelope over = full.with(new Envelope.Signature(Digest.of(new byte[] {99}), bytes("x")));
    assertRefused(Reason.LIMIT_EXCEEDED, () -> reread(over));
  }

  @Test
  void anUnknownSignerNeitherHelpsNorHarms() throws Exception {
    Envelope signed =
        P256.sign(unsigned).with(new Envelope.Signature(Digest.of(new byte[0]), bytes("garbage")));
    assertThat(reread(signed).validSigners(List.of(P256.key()))).containsExactly(P256.keyId());
  }

  @Test
  void aBrokenSignatureOfATrustedKeyIsRefusedRatherThanSkipped() {
    Envelope broken =
        ED25519.sign(unsigned).with(new Envelope.Signature(P256.keyId(), bytes("garbage")));
    assertRefused(
        Reason.BAD_SIGNATURE, () -> broken.validSigners(List.of(P256.key(), ED25519.key())));
  }

  @Test
  void aSignatureOfAnotherPayloadOrTypeIsRefused() {
    Envelope.Signature signature = P256.sign(unsigned).signatures().get(0);
    Envelope otherPayload = new Envelope(TYPE, bytes("{\"a\":2}"), List.of(signature));
    Envelope otherType = new Envelope(TYPE + "2", unsigned.payload(), List.of(signature));
    assertRefused(Reason.BAD_SIGNATURE, () -> otherPayload.validSigners(List.of(P256.key())));
    assertRefused(Reason.BAD_SIGNATURE, () -> otherType.validSigners(List.of(P256.key())));
  }

  @Test
  void oneKeysSignatureUnderAnothersNameIsRefused() {
    Envelope.Signature signature = P256.sign(unsigned).signatures().get(0);
    Envelope renamed =
        unsigned.with(new Envelope.Signature(ED25519.keyId(), signature.signature()));
    assertRefused(Reason.BAD_SIGNATURE, () -> renamed.validSigners(List.of(ED25519.key())));
  }

  @Test
  void aPayloadOfAnotherTypeIsRefused() throws Exception {
    assertThat(unsigned.payloadOf(unsigned.payloadType())).isEqualTo(unsigned.payload());
    assertRefused(Reason.MALFORMED, () -> unsigned.payloadOf("application/other"));
  }

  @Test
  void anEnvelopeOverItsLimitIsRefused() {
    assertRefused(Reason.LIMIT_EXCEEDED, () -> Envelope.read(new byte[Envelope.MAX_BYTES + 1]));
  }
}
