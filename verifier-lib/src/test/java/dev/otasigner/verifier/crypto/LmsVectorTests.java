package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.Objects;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.crypto.params.LMOtsParameters;
import org.bouncycastle.crypto.params.LMSPrivateKeyParameters;
import org.bouncycastle.crypto.params.LMSigParameters;
import org.bouncycastle.crypto.signers.LMSSigner;
import org.junit.jupiter.api.Test;

/** RFC 8554, appendix F. */
class LmsVectorTests {
  private static final byte[] FIRST_KEY =
      hex(
          "00000002",
          "0000000500000004",
          "61a5d57d37f5e46bfb7520806b07a1b8",
          "50650e3b31fe4a773ea29a07f09cf2ea30e579f0df58ef8e298da0434cb2b878");
  private static final byte[] FIRST_MESSAGE =
      ("The powers not delegated to the United States by the Constitution, nor prohibited by it to"
              + " the States, are reserved to the States respectively, or to the people.\n")
          .getBytes(US_ASCII);

  private static final byte[] SECOND_KEY =
      hex(
          "00000002",
          "0000000600000003",
          "d08fabd4a2091ff0a8cb4ed834e74534",
          "32a58885cd9ba0431235466bff9651c6c92124404d45fa53cf161c28f1ad5a8e");
  private static final byte[] SECOND_MESSAGE =
      ("The enumeration in the Constitution, of certain rights, shall not be construed to deny or"
              + " disparage others retained by the people.\n")
          .getBytes(US_ASCII);

  private static byte[] hex(String... parts) {
    return HexFormat.of().parseHex(String.join("", parts));
  }

  private static VerificationKey key(byte[] key) throws Exception {
    AlgorithmIdentifier algorithm =
        new AlgorithmIdentifier(PKCSObjectIdentifiers.id_alg_hss_lms_hashsig);
    return VerificationKey.of(
        SignatureSuite.HSS_LMS,
        Bytes.copyOf(new SubjectPublicKeyInfo(algorithm, key).getEncoded("DER")));
  }

  private static byte[] firstSignature() throws IOException {
    String name = "rfc8554-test-case-1-signature.hex";
    try (InputStream in = LmsVectorTests.class.getResourceAsStream(name)) {
      String text = new String(Objects.requireNonNull(in, name).readAllBytes(), US_ASCII);
      return hex(text.replace("\n", ""));
    }
  }

  /** Two levels of height 5 and width 8. */
  @Test
  void theFirstTestCaseOfTheRfcVerifies() throws Exception {
    key(FIRST_KEY).verify(FIRST_MESSAGE, firstSignature());
  }

  /**
   * A level of height 10 and width 4 over one of height 5 and width 8. The RFC gives the secrets of
   * this case: the signature is made from them, and has the digest of the RFC's.
   */
  @Test
  void theSecondTestCaseOfTheRfcVerifies() throws Exception {
    byte[] signature = secondSignature();
    assertThat(Digest.of(signature).hex())
        .isEqualTo("43a0d60189e52faf20ef094fd4902d0d5a9d42ed8e286b4104bffe70480bc730");
    key(SECOND_KEY).verify(SECOND_MESSAGE, signature);
  }

  private static byte[] secondSignature() throws Exception {
    LMSPrivateKeyParameters top =
        new LMSPrivateKeyParameters(
            LMSigParameters.lms_sha256_n32_h10,
            LMOtsParameters.sha256_n32_w4,
            3,
            hex("d08fabd4a2091ff0a8cb4ed834e74534"),
            1 << 10,
            hex("558b8966c48ae9cb898b423c83443aae014a72f1b1ab5cc85cf1d892903b5439"));
    LMSPrivateKeyParameters low =
        new LMSPrivateKeyParameters(
            LMSigParameters.lms_sha256_n32_h5,
            LMOtsParameters.sha256_n32_w8,
            4,
            hex("215f83b7ccb9acbcd08db97b0d04dc2b"),
            1 << 5,
            hex("a1c4696e2608035a886100d05cd99945eb3370731884a8235e2fb3d4d71f2547"));
    byte[] lowKey = low.getPublicKey().getEncoded();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(hex("00000001"));
    out.writeBytes(sign(top, lowKey));
    out.writeBytes(lowKey);
    out.writeBytes(sign(low, SECOND_MESSAGE));
    return out.toByteArray();
  }

  private static byte[] sign(LMSPrivateKeyParameters key, byte[] message) {
    LMSSigner signer = new LMSSigner();
    signer.init(true, key);
    return signer.generateSignature(message);
  }

  @Test
  void neitherTestCaseVerifiesForTheOther() throws Exception {
    byte[] first = firstSignature();
    byte[] second = secondSignature();
    assertRefused(Reason.BAD_SIGNATURE, () -> key(FIRST_KEY).verify(SECOND_MESSAGE, first));
    assertRefused(Reason.BAD_SIGNATURE, () -> key(FIRST_KEY).verify(FIRST_MESSAGE, second));
    assertRefused(Reason.BAD_SIGNATURE, () -> key(SECOND_KEY).verify(SECOND_MESSAGE, first));
    assertRefused(Reason.BAD_SIGNATURE, () -> key(SECOND_KEY).verify(FIRST_MESSAGE, second));
  }
}
