package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
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
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class VerificationKeyTests {
  private static final byte[] MESSAGE = "a message".getBytes(UTF_8);
  private static final ASN1ObjectIdentifier ED25519_OID = new ASN1ObjectIdentifier("1.3.101.112");

  /** Each suite signs once: hash-based signatures take seconds. */
  private static final Map<SignatureSuite, Bytes> SIGNATURES = new EnumMap<>(SignatureSuite.class);

  private static byte[] signature(SignatureSuite suite) {
    return SIGNATURES
        .computeIfAbsent(suite, s -> Bytes.copyOf(TestKey.of(s).sign(MESSAGE)))
        .toByteArray();
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aSignatureWithAByteMoreOrLessIsRefused(SignatureSuite suite) {
    TestKey key = TestKey.of(suite);
    byte[] signature = signature(suite);
    byte[] longer = Arrays.copyOf(signature, signature.length + 1);
    byte[] shorter = Arrays.copyOf(signature, signature.length - 1);
    for (byte[] wrong : List.of(longer, shorter, new byte[0])) {
      assertRefused(Reason.BAD_SIGNATURE, () -> key.key().verify(MESSAGE, wrong));
    }
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aClassicalSignatureWithAnyBitFlippedIsRefused(SignatureSuite suite) throws Exception {
    if (!suite.isPostQuantum()) {
      assertNoFlipVerifies(suite, 1);
    }
  }

  /** These have up to 130,000 bits: about 300 of them, spread over bytes and places in the byte. */
  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aPostQuantumSignatureWithOneOfAboutThreeHundredBitsFlippedIsRefused(SignatureSuite suite)
      throws Exception {
    if (suite.isPostQuantum()) {
      // An odd step meets every place in the byte.
      assertNoFlipVerifies(suite, signature(suite).length * 8 / 300 | 1);
    }
  }

  private static void assertNoFlipVerifies(SignatureSuite suite, int step) throws Exception {
    TestKey key = TestKey.of(suite);
    byte[] signature = signature(suite);
    for (int bit = 0; bit < signature.length * 8; bit += step) {
      byte[] wrong = signature.clone();
      wrong[bit / 8] ^= (byte) (1 << bit % 8);
      assertRefused(Reason.BAD_SIGNATURE, () -> key.key().verify(MESSAGE, wrong));
    }
    key.key().verify(MESSAGE, signature);
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aKeyServesOneSuiteAndEveryOtherRefusesIt(SignatureSuite suite) {
    TestKey key = TestKey.of(suite);
    for (SignatureSuite other : SignatureSuite.values()) {
      boolean rsa = isRsa(suite) && isRsa(other);
      if (other != suite && !(rsa && suite.parameter() == other.parameter())) {
        assertRefused(
            Reason.UNSUPPORTED_ALGORITHM, () -> VerificationKey.of(other, key.key().spki()));
      }
    }
  }

  private static boolean isRsa(SignatureSuite suite) {
    return suite.family() == SignatureSuite.Family.RSA_PKCS1
        || suite.family() == SignatureSuite.Family.RSA_PSS;
  }

  @Test
  void oneRsaKeyIsAnotherVerificationKeyUnderEachOfItsSuites() throws Exception {
    TestKey pss = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
    VerificationKey pkcs1 =
        VerificationKey.of(SignatureSuite.RSA_PKCS1_2048_SHA256, pss.key().spki());
    assertThat(pkcs1).isNotEqualTo(pss.key());
    assertThat(pkcs1.keyId()).isEqualTo(pss.keyId());
    byte[] signature = pss.sign(MESSAGE);
    assertRefused(Reason.BAD_SIGNATURE, () -> pkcs1.verify(MESSAGE, signature));
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aKeyWithAByteMoreOrLessIsMalformed(SignatureSuite suite) {
    Bytes spki = TestKey.of(suite).key().spki();
    byte[] bytes = spki.toByteArray();
    for (int length : new int[] {bytes.length + 1, bytes.length - 1, 0}) {
      Bytes wrong = Bytes.copyOf(Arrays.copyOf(bytes, length));
      assertRefused(Reason.MALFORMED, () -> VerificationKey.of(suite, wrong));
    }
  }

  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aKeyWhoseBitsGoOnBehindItIsMalformed(SignatureSuite suite) throws Exception {
    SubjectPublicKeyInfo info =
        SubjectPublicKeyInfo.getInstance(TestKey.of(suite).key().spki().toByteArray());
    byte[] bits = info.getPublicKeyData().getOctets();
    for (int length : new int[] {bits.length + 1, bits.length - 1, 0}) {
      Bytes wrong = spki(info.getAlgorithm(), Arrays.copyOf(bits, length));
      assertRefused(Reason.MALFORMED, () -> VerificationKey.of(suite, wrong));
    }
  }

  @Test
  void aKeyOverItsLimitIsNotLookedAt() {
    Bytes huge = Bytes.copyOf(new byte[VerificationKey.MAX_SPKI_BYTES + 1]);
    assertRefused(Reason.LIMIT_EXCEEDED, () -> VerificationKey.of(SignatureSuite.ED25519, huge));
  }

  @Test
  void aSecondSpellingOfAnRsaKeyIsMalformed() throws Exception {
    SubjectPublicKeyInfo info =
        SubjectPublicKeyInfo.getInstance(
            TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256).key().spki().toByteArray());
    byte[] pkcs1 = info.getPublicKeyData().getOctets();
    // SEQUENCE, length in three bytes instead of two: the same key to a lax reader.
    byte[] longForm = new byte[pkcs1.length + 1];
    longForm[0] = 0x30;
    longForm[1] = (byte) 0x83;
    longForm[2] = 0;
    System.arraycopy(pkcs1, 2, longForm, 3, pkcs1.length - 2);
    assertRefused(
        Reason.MALFORMED,
        () ->
            VerificationKey.of(
                SignatureSuite.RSA_PSS_2048_SHA256, spki(info.getAlgorithm(), longForm)));
  }

  @Test
  void anRsaKeyWithoutNullParametersIsMalformed() throws Exception {
    SubjectPublicKeyInfo info =
        SubjectPublicKeyInfo.getInstance(
            TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256).key().spki().toByteArray());
    Bytes wrong =
        spki(
            new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption),
            info.getPublicKeyData().getOctets());
    assertRefused(
        Reason.MALFORMED, () -> VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, wrong));
  }

  static Stream<List<BigInteger>> weakRsaKeys() {
    BigInteger n = BigInteger.ONE.shiftLeft(2047).add(BigInteger.ONE);
    BigInteger e = BigInteger.valueOf(65537);
    return Stream.of(
        List.of(n.add(BigInteger.ONE), e),
        List.of(n, BigInteger.ONE),
        List.of(n, BigInteger.ZERO),
        List.of(n, BigInteger.valueOf(65536)),
        List.of(n, BigInteger.valueOf(-3)),
        List.of(n, BigInteger.ONE.shiftLeft(64).add(BigInteger.ONE)));
  }

  @ParameterizedTest
  @MethodSource("weakRsaKeys")
  void anRsaKeyThatIsNoneIsMalformed(List<BigInteger> numbers) throws Exception {
    Bytes wrong = rsa(numbers.get(0), numbers.get(1));
    assertRefused(
        Reason.MALFORMED, () -> VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, wrong));
  }

  @Test
  void anRsaModulusOfAnotherSizeIsUnsupported() throws Exception {
    BigInteger small = BigInteger.ONE.shiftLeft(2046).add(BigInteger.ONE);
    Bytes wrong = rsa(small, BigInteger.valueOf(65537));
    assertRefused(
        Reason.UNSUPPORTED_ALGORITHM,
        () -> VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, wrong));
    Bytes negative = rsa(BigInteger.ONE.shiftLeft(2047).negate(), BigInteger.valueOf(65537));
    assertThat(
            catchThrowable(() -> VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, negative)))
        .isInstanceOf(RejectedException.class);
  }

  @Test
  void anEcPointMustBeOnItsCurveAndUncompressed() throws Exception {
    SubjectPublicKeyInfo info =
        SubjectPublicKeyInfo.getInstance(
            TestKey.of(SignatureSuite.ECDSA_P256_SHA256).key().spki().toByteArray());
    byte[] point = info.getPublicKeyData().getOctets();
    byte[] off = point.clone();
    off[64] ^= 1;
    byte[] compressed = Arrays.copyOf(point, 33);
    compressed[0] = (byte) (2 + (point[64] & 1));
    byte[] hybrid = point.clone();
    hybrid[0] = (byte) (6 + (point[64] & 1));
    for (byte[] wrong : List.of(off, compressed, hybrid, new byte[] {0}, new byte[65])) {
      assertRefused(
          Reason.MALFORMED,
          () ->
              VerificationKey.of(
                  SignatureSuite.ECDSA_P256_SHA256, spki(info.getAlgorithm(), wrong)));
    }
  }

  @Test
  void anEcKeyWithItsCurveWrittenOutIsUnsupported() throws Exception {
    Bytes wrong =
        spki(
            new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, DERNull.INSTANCE),
            new byte[65]);
    assertRefused(
        Reason.UNSUPPORTED_ALGORITHM,
        () -> VerificationKey.of(SignatureSuite.ECDSA_P256_SHA256, wrong));
  }

  /**
   * Points of an order of at most eight, in every spelling, and points that are not reduced: under
   * such a key some signatures are valid for any message.
   */
  @Test
  void anEd25519KeyOfSmallOrderOrInASecondSpellingIsMalformed() throws Exception {
    List<String> wrong =
        List.of(
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0100000000000000000000000000000000000000000000000000000000000080",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "0200000000000000000000000000000000000000000000000000000000000000");
    for (String hex : wrong) {
      Bytes key = spki(new AlgorithmIdentifier(ED25519_OID), HexFormat.of().parseHex(hex));
      assertRefused(Reason.MALFORMED, () -> VerificationKey.of(SignatureSuite.ED25519, key));
    }
  }

  @Test
  void anEd25519SignatureIsNotMalleable() throws Exception {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    byte[] signature = key.sign(MESSAGE);
    BigInteger order =
        BigInteger.ONE.shiftLeft(252).add(new BigInteger("27742317777372353535851937790883648493"));
    byte[] reversed = reverse(Arrays.copyOfRange(signature, 32, 64));
    byte[] sum = new BigInteger(1, reversed).add(order).toByteArray();
    byte[] malleable = signature.clone();
    System.arraycopy(reverse(sum), 0, malleable, 32, Math.min(32, sum.length));
    assertRefused(Reason.BAD_SIGNATURE, () -> key.key().verify(MESSAGE, malleable));
  }

  private static byte[] reverse(byte[] bytes) {
    byte[] reversed = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      reversed[i] = bytes[bytes.length - 1 - i];
    }
    return reversed;
  }

  @Test
  void anHssKeyOfMoreThanFourLevelsIsUnsupported() throws Exception {
    SubjectPublicKeyInfo info =
        SubjectPublicKeyInfo.getInstance(
            TestKey.of(SignatureSuite.HSS_LMS).key().spki().toByteArray());
    byte[] key = info.getPublicKeyData().getOctets();
    key[3] = 5;
    assertRefused(
        Reason.UNSUPPORTED_ALGORITHM,
        () -> VerificationKey.of(SignatureSuite.HSS_LMS, spki(info.getAlgorithm(), key)));
    key[3] = 0;
    assertRefused(
        Reason.MALFORMED,
        () -> VerificationKey.of(SignatureSuite.HSS_LMS, spki(info.getAlgorithm(), key)));
  }

  @Test
  void anHssSignatureOfTwoLevelsIsUsedToItsLastByte() throws Exception {
    LMSParameters level =
        new LMSParameters(LMSigParameters.lms_sha256_n32_h5, LMOtsParameters.sha256_n32_w8);
    HSSKeyPairGenerator generator = new HSSKeyPairGenerator();
    generator.init(
        new HSSKeyGenerationParameters(new LMSParameters[] {level, level}, new SecureRandom()));
    AsymmetricCipherKeyPair pair = generator.generateKeyPair();
    HSSSigner signer = new HSSSigner();
    signer.init(true, pair.getPrivate());
    byte[] signature = signer.generateSignature(MESSAGE);
    VerificationKey key =
        VerificationKey.of(
            SignatureSuite.HSS_LMS,
            spki(
                new AlgorithmIdentifier(PKCSObjectIdentifiers.id_alg_hss_lms_hashsig),
                ((HSSPublicKeyParameters) pair.getPublic()).getEncoded()));
    key.verify(MESSAGE, signature);
    for (int change : new int[] {-1, 1, 4}) {
      byte[] wrong = Arrays.copyOf(signature, signature.length + change);
      assertRefused(Reason.BAD_SIGNATURE, () -> key.verify(MESSAGE, wrong));
    }
    byte[] oneLevel = signature.clone();
    oneLevel[3] = 0;
    assertRefused(Reason.BAD_SIGNATURE, () -> key.verify(MESSAGE, oneLevel));
  }

  @Test
  void anAlgorithmWithParametersWhereItHasNoneIsMalformed() throws Exception {
    for (SignatureSuite suite :
        List.of(
            SignatureSuite.ED25519,
            SignatureSuite.ML_DSA_44,
            SignatureSuite.SLH_DSA_SHA2_128S,
            SignatureSuite.HSS_LMS)) {
      SubjectPublicKeyInfo info =
          SubjectPublicKeyInfo.getInstance(TestKey.of(suite).key().spki().toByteArray());
      Bytes wrong =
          spki(
              new AlgorithmIdentifier(info.getAlgorithm().getAlgorithm(), DERNull.INSTANCE),
              info.getPublicKeyData().getOctets());
      assertRefused(Reason.MALFORMED, () -> VerificationKey.of(suite, wrong));
    }
  }

  @Test
  void aSignatureInAnotherSpellingThanDerIsRefused() {
    TestKey key = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
    byte[] der = signatureWithLongNumbers(key);
    String body = HexFormat.of().formatHex(der, 2, der.length);
    int length = der.length - 2;
    List<String> spellings =
        List.of(
            "3081" + hex(length) + body,
            "308200" + hex(length) + body,
            "3080" + body + "0000",
            // r: one zero too many, and its length in long form
            "30" + hex(length + 1) + "02220000" + body.substring(6),
            "30" + hex(length + 1) + "028121" + body.substring(4),
            // something behind s, within and without the sequence
            "30" + hex(length + 2) + body + "0500",
            "30" + hex(length) + body + "00",
            // a set, and negative numbers
            "31" + hex(length) + body,
            "30" + hex(length - 1) + "0220" + body.substring(6));
    for (String spelling : spellings) {
      byte[] wrong = HexFormat.of().parseHex(spelling);
      assertThat(DerEcdsa.read(wrong)).as(spelling).isNull();
      assertRefused(Reason.BAD_SIGNATURE, () -> key.key().verify(MESSAGE, wrong));
    }
    assertThat(DerEcdsa.read(der)).hasSize(2);
  }

  /** One whose r and s both need 33 bytes, so that every form above is possible. */
  private static byte[] signatureWithLongNumbers(TestKey key) {
    for (int i = 0; i < 1000; i++) {
      byte[] der = key.sign(MESSAGE);
      if (der.length == 72) {
        return der;
      }
    }
    throw new AssertionError("a thousand signatures, and none of 72 bytes");
  }

  private static String hex(int value) {
    return HexFormat.of().toHexDigits((byte) value);
  }

  @Test
  void aHashIsVerifiedLikeItsMessageAndOnlyBySuitesThatHash() throws Exception {
    TestKey key = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
    byte[] hash = Digest.digest("SHA-384").digest(MESSAGE);
    byte[] signature = key.sign(MESSAGE);
    key.key().verifyHash(hash, signature);
    assertThatIllegalStateException()
        .isThrownBy(() -> key.key().verifyHash(new byte[32], signature));
    TestKey whole = TestKey.of(SignatureSuite.ED25519);
    assertThatIllegalStateException()
        .isThrownBy(() -> whole.key().verifyHash(hash, whole.sign(MESSAGE)));
  }

  @Test
  void aSigningInputIsVerifiedAsWhatItIs() throws Exception {
    TestKey key = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
    byte[] hash = Digest.sha256().digest(MESSAGE);
    byte[] signature = key.sign(MESSAGE);
    SigningInput.message(MESSAGE).verify(key.key(), signature);
    SigningInput.hash(hash, "SHA-256").verify(key.key(), signature);
    TestKey whole = TestKey.of(SignatureSuite.ED25519);
    assertRefused(
        Reason.BAD_SIGNATURE,
        () -> SigningInput.hash(hash, "SHA-256").verify(whole.key(), whole.sign(hash)));
  }

  @Test
  void theKeyIdIsTheDigestOfTheKey() {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    assertThat(key.keyId()).isEqualTo(Digest.of(key.key().spki()));
    assertThat(key.key()).hasToString("ed25519:" + key.keyId().abbreviated());
  }

  private static Bytes rsa(BigInteger n, BigInteger e) throws IOException {
    ASN1EncodableVector numbers = new ASN1EncodableVector();
    numbers.add(new ASN1Integer(n));
    numbers.add(new ASN1Integer(e));
    return spki(
        new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
        new DERSequence(numbers).getEncoded());
  }

  private static Bytes spki(AlgorithmIdentifier algorithm, byte[] bits) throws IOException {
    ASN1EncodableVector parts = new ASN1EncodableVector();
    parts.add(algorithm);
    parts.add(new DERBitString(bits));
    return Bytes.copyOf(new DERSequence(parts).getEncoded("DER"));
  }
}
