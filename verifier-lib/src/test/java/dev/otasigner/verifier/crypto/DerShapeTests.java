package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.testing.TestKey;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicReference;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class DerShapeTests {
  /** As little as some devices give a thread. */
  private static final int STACK_BYTES = 128 * 1024;

  /** Sequences in sequences, each of them as long as DER says. */
  private static byte[] nested(int bytes) {
    byte[] der = new byte[bytes];
    for (int at = 0; at + 4 <= bytes; at += 4) {
      int length = bytes - at - 4;
      der[at] = 0x30;
      der[at + 1] = (byte) 0x82;
      der[at + 2] = (byte) (length >> 8);
      der[at + 3] = (byte) length;
    }
    return der;
  }

  /** Each sequence claims to be longer than what is left. */
  private static byte[] overlong(int bytes) {
    byte[] der = new byte[bytes];
    byte[] header = HexFormat.of().parseHex("30820fff");
    for (int at = 0; at < bytes; at++) {
      der[at] = header[at % header.length];
    }
    return der;
  }

  private static void assertMalformedOnASmallStack(byte[] spki) throws InterruptedException {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Runnable refusal =
        () ->
            assertRefused(
                Reason.MALFORMED,
                () -> VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, Bytes.copyOf(spki)));
    // Loads classes: agents that rewrite them need a stack that is not small.
    refusal.run();
    Thread thread = new Thread(null, refusal, "small stack", STACK_BYTES);
    thread.setUncaughtExceptionHandler((t, e) -> thrown.set(e));
    thread.start();
    thread.join();
    assertThat(thrown.get()).isNull();
  }

  @Test
  void aKeyOfNothingButNestingIsRefusedOnASmallStack() throws Exception {
    assertMalformedOnASmallStack(overlong(VerificationKey.MAX_SPKI_BYTES));
    assertMalformedOnASmallStack(nested(VerificationKey.MAX_SPKI_BYTES));
  }

  @Test
  void nestingWithinTheBitsOfAnRsaKeyIsRefusedOnASmallStack() throws Exception {
    AlgorithmIdentifier rsa =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE);
    for (byte[] bits : new byte[][] {nested(4000), overlong(4000)}) {
      assertMalformedOnASmallStack(new SubjectPublicKeyInfo(rsa, bits).getEncoded("DER"));
    }
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void keysOfEverySuiteHaveTheShape(SignatureSuite suite) throws Exception {
    DerShape.require(TestKey.of(suite).key().spki().toByteArray());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "30", // no length
        "3080", // an indefinite one
        "0480[128]",
        "3081", // none behind its size
        "3083000000", // a size of three bytes
        "3002020", // padded below: an odd digit stands for a value that is cut
        "1f8101", // a tag of several bytes
        "1f0100",
        "3f0100",
        "300402020000ff"
      })
  void whatIsNotDerHasNot(String hex) {
    String whole = hex.replace("[128]", "00".repeat(128));
    byte[] der = HexFormat.of().parseHex(whole.length() % 2 == 0 ? whole : whole + "3");
    assertRefused(Reason.MALFORMED, () -> DerShape.require(der));
  }

  @Test
  void sixLevelsAreReadAndASeventhRefused() throws Exception {
    byte[] seven = nested(7 * 4);
    assertRefused(Reason.MALFORMED, () -> DerShape.require(seven));
    DerShape.require(Arrays.copyOf(nested(5 * 4), 5 * 4));
  }
}
