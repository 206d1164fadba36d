package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.generators.HSSKeyPairGenerator;
import org.bouncycastle.crypto.params.HSSKeyGenerationParameters;
import org.bouncycastle.crypto.params.HSSPublicKeyParameters;
import org.bouncycastle.crypto.params.LMOtsParameters;
import org.bouncycastle.crypto.params.LMSParameters;
import org.bouncycastle.crypto.params.LMSigParameters;
import org.bouncycastle.crypto.signers.HSSSigner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HssShapeTests {
  private static final byte[] MESSAGE = "a message".getBytes(UTF_8);

  private static LMSParameters tree(LMOtsParameters lmOts) {
    return new LMSParameters(LMSigParameters.lms_sha256_n32_h5, lmOts);
  }

  private static AsymmetricCipherKeyPair pair(LMSParameters... levels) {
    HSSKeyPairGenerator generator = new HSSKeyPairGenerator();
    generator.init(new HSSKeyGenerationParameters(levels, new SecureRandom()));
    return generator.generateKeyPair();
  }

  private static Bytes spki(byte[] key) throws IOException {
    return Bytes.copyOf(
        new SubjectPublicKeyInfo(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.id_alg_hss_lms_hashsig), key)
            .getEncoded("DER"));
  }

  private static byte[] encoded(AsymmetricCipherKeyPair pair) throws IOException {
    return ((HSSPublicKeyParameters) pair.getPublic()).getEncoded();
  }

  private static byte[] sign(AsymmetricCipherKeyPair pair) throws Exception {
    HSSSigner signer = new HSSSigner();
    signer.init(true, pair.getPrivate());
    return signer.generateSignature(MESSAGE);
  }

  private static void verify(AsymmetricCipherKeyPair pair, byte[] signature) throws Exception {
    VerificationKey.of(SignatureSuite.HSS_LMS, spki(encoded(pair))).verify(MESSAGE, signature);
  }

  /** Levels, their width, and the length that RFC 8554 gives such a signature. */
  static Stream<Arguments> shapes() {
    return Stream.of(
        Arguments.of(1, LMOtsParameters.sha256_n32_w8, 1296),
        Arguments.of(2, LMOtsParameters.sha256_n32_w1, 17_428),
        Arguments.of(3, LMOtsParameters.sha256_n32_w4, 7_160),
        Arguments.of(4, LMOtsParameters.sha256_n32_w2, 18_012));
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void signaturesOfOneToFourLevelsAndEveryWidthVerify(
      int levels, LMOtsParameters lmOts, int signatureBytes) throws Exception {
    LMSParameters[] trees = new LMSParameters[levels];
    Arrays.fill(trees, tree(lmOts));
    AsymmetricCipherKeyPair pair = pair(trees);
    byte[] signature = sign(pair);
    assertThat(signature).hasSize(signatureBytes);
    verify(pair, signature);
    for (int change : new int[] {-1, 1}) {
      byte[] wrong = Arrays.copyOf(signature, signature.length + change);
      assertRefused(Reason.BAD_SIGNATURE, () -> verify(pair, wrong));
    }
  }

  @Test
  void levelsOfDifferentWidthsVerify() throws Exception {
    AsymmetricCipherKeyPair pair =
        pair(tree(LMOtsParameters.sha256_n32_w4), tree(LMOtsParameters.sha256_n32_w8));
    verify(pair, sign(pair));
  }

  @Test
  void theLongestSignatureIsOfFourLevelsOfHeight25AndWidth1() throws Exception {
    assertThat(HssShape.MAX_SIGNATURE_BYTES).isEqualTo(37_468);
    assertThat(SignatureSuite.HSS_LMS.maxSignatureBytes()).isEqualTo(37_468);
    Envelope envelope =
        new Envelope("application/x", Bytes.copyOf(new byte[0]), List.of())
            .with(new Envelope.Signature(Digest.of(new byte[0]), Bytes.copyOf(new byte[37_468])));
    assertThat(Envelope.read(envelope.toBytes()).signatures()).hasSize(1);
  }

  static Stream<LMSParameters> setsOutsideTheRegistry() {
    return Stream.of(
        new LMSParameters(LMSigParameters.lms_shake256_n32_h5, LMOtsParameters.shake256_n32_w8),
        new LMSParameters(LMSigParameters.lms_shake256_n24_h5, LMOtsParameters.shake256_n24_w8),
        new LMSParameters(LMSigParameters.lms_sha256_n24_h5, LMOtsParameters.sha256_n24_w8));
  }

  @ParameterizedTest
  @MethodSource("setsOutsideTheRegistry")
  void aKeyOfAnotherParameterSetIsUnsupportedByName(LMSParameters other) throws Exception {
    byte[] key = encoded(pair(other));
    RejectedException refusal =
        assertRefused(
            Reason.UNSUPPORTED_ALGORITHM,
            () -> VerificationKey.of(SignatureSuite.HSS_LMS, spki(key)));
    assertThat(refusal).hasMessageContaining("LMS");
    assertThat(refusal.actual())
        .contains(Integer.toString(other.getLMSigParam().getType()))
        .contains(Integer.toString(other.getLMOTSParam().getType()));
  }

  @ParameterizedTest
  @MethodSource("setsOutsideTheRegistry")
  void aLowerLevelOfAnotherParameterSetIsRefused(LMSParameters other) throws Exception {
    AsymmetricCipherKeyPair mixed = pair(tree(LMOtsParameters.sha256_n32_w8), other);
    byte[] signature = sign(mixed);
    assertRefused(Reason.BAD_SIGNATURE, () -> verify(mixed, signature));
  }

  private static final HssShape.Tree TOP = new HssShape.Tree(5, 4);
  private static final HssShape.Tree LOW = new HssShape.Tree(6, 3);

  /** A key of so many levels, as long as it should be. */
  private static byte[] key(int levels) {
    return ByteBuffer.allocate(60).putInt(levels).putInt(TOP.lms()).putInt(TOP.lmOts()).array();
  }

  /** What a signature of two levels is built of, with these type codes. */
  private static byte[] twoLevels(
      int word, int topOts, int topLms, HssShape.Tree named, int lowOts, int lowLms) {
    ByteBuffer out =
        ByteBuffer.allocate(4 + TOP.signatureBytes() + 56 + named.signatureBytes()).putInt(word);
    out.putInt(4 + 4, topOts).putInt(4 + 4 + TOP.oneTimeBytes(), topLms);
    int key = 4 + TOP.signatureBytes();
    out.putInt(key, named.lms()).putInt(key + 4, named.lmOts());
    int low = key + 56;
    out.putInt(low + 4, lowOts).putInt(low + 4 + named.oneTimeBytes(), lowLms);
    return out.array();
  }

  @Test
  void aSignatureFitsItsKeyOnlyWithTheTypesOfEachTree() throws Exception {
    HssShape shape = HssShape.of(key(2));
    assertThat(shape.fits(twoLevels(1, 4, 5, LOW, 3, 6))).isTrue();
    assertThat(shape.fits(twoLevels(0, 4, 5, LOW, 3, 6))).as("levels").isFalse();
    assertThat(shape.fits(twoLevels(2, 4, 5, LOW, 3, 6))).as("levels").isFalse();
    assertThat(shape.fits(twoLevels(1, 3, 5, LOW, 3, 6))).as("LM-OTS on top").isFalse();
    assertThat(shape.fits(twoLevels(1, 4, 6, LOW, 3, 6))).as("LMS on top").isFalse();
    assertThat(shape.fits(twoLevels(1, 4, 5, LOW, 4, 6))).as("LM-OTS below").isFalse();
    assertThat(shape.fits(twoLevels(1, 4, 5, LOW, 3, 5))).as("LMS below").isFalse();
    HssShape.Tree other = new HssShape.Tree(10, 3);
    assertThat(shape.fits(twoLevels(1, 4, 5, other, 3, 10))).as("not of the suite").isFalse();
  }

  @Test
  void aSignatureEndsWhereItsLastTreeDoes() throws Exception {
    HssShape shape = HssShape.of(key(2));
    byte[] whole = twoLevels(1, 4, 5, LOW, 3, 6);
    int key = 4 + TOP.signatureBytes();
    for (int bytes :
        List.of(0, 3, 4, 5, key - 1, key, key + 8, key + 55, key + 56, whole.length - 1)) {
      assertThat(shape.fits(Arrays.copyOf(whole, bytes))).as("%d bytes", bytes).isFalse();
    }
    assertThat(shape.fits(Arrays.copyOf(whole, whole.length + 1))).isFalse();
  }

  @Test
  void aKeyIsAsLongAsItsTypesSayAndHasOneToFourLevels() throws Exception {
    HssShape.of(key(1));
    HssShape.of(key(4));
    for (byte[] wrong :
        List.of(
            key(0),
            key(-1),
            new byte[0],
            new byte[11],
            Arrays.copyOf(key(1), 59),
            Arrays.copyOf(key(1), 61))) {
      assertRefused(Reason.MALFORMED, () -> HssShape.of(wrong));
    }
    assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> HssShape.of(key(5)));
    assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> HssShape.of(new byte[12]));
  }

  @Test
  void theSuiteHasFiveHeightsAndFourWidths() {
    assertThat(new HssShape.Tree(5, 1).isOfSuite()).isTrue();
    assertThat(new HssShape.Tree(9, 4).isOfSuite()).isTrue();
  }

  @Test
  void typeCodesThatNobodyAssignedAreUnsupported() throws Exception {
    byte[] key = encoded(pair(tree(LMOtsParameters.sha256_n32_w8)));
    for (int[] change : new int[][] {{7, 4}, {7, 10}, {7, 0}, {11, 0}, {11, 5}, {4, 0x80}}) {
      byte[] wrong = key.clone();
      wrong[change[0]] = (byte) change[1];
      assertRefused(
          Reason.UNSUPPORTED_ALGORITHM,
          () -> VerificationKey.of(SignatureSuite.HSS_LMS, spki(wrong)));
    }
  }
}
