package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
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
import org.bouncycastle.util.BigIntegers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class VerificationKeyTests {
  private static final byte[] MESSAGE = "a message".getBytes(UTF_8);

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

  /** Each key is read anew, so that what is read is what verifies. */
  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void aSignatureIsOfOneMessageAndOneKey(SignatureSuite suite) throws Exception {
    VerificationKey key = VerificationKey.of(suite, TestKey.of(suite).key().spki());
    byte[] signature = signature(suite);
    key.verify(MESSAGE, signature);
    byte[] other = "another message".getBytes(UTF_8);
    assertRefused(Reason.BAD_SIGNATURE, () -> key.verify(other, signature));
    assertRefused(Reason.BAD_SIGNATURE, () -> SigningInput.message(other).verify(key, signature));
    String hash = suite.hash();
    if (hash != null) {
      byte[] wrong = Digest.digest(hash).digest(other);
      assertRefused(Reason.BAD_SIGNATURE, () -> key.verifyHash(wrong, signature));
      assertRefused(
          Reason.BAD_SIGNATURE, () -> SigningInput.hash(wrong, hash).verify(key, signature));
    }
  }

  @Test
  void aHashOfAnotherLengthThanItsNameIsNoInput() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningInput.hash(new byte[31], "SHA-256"));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SigningInput.hash(new byte[32], "SHA-384"));
  }

  /** RFC 8017 section 5.2.2 step 1: else each signature had a second spelling. */
  @Test
  void anRsaSignatureNotBelowItsModulusIsRefused() {
    TestKey key = TestKey.of(SignatureSuite.RSA_PKCS1_2048_SHA256);
    BigInteger modulus =
        RSAPublicKey.getInstance(
                SubjectPublicKeyInfo.getInstance(key.key().spki().toByteArray())
                    .getPublicKeyData()
                    .getOctets())
            .getModulus();
    byte[] message = MESSAGE.clone();
    BigInteger sum;
    do {
      message = Digest.sha256().digest(message);
      sum = new BigInteger(1, key.sign(message)).add(modulus);
    } while (sum.bitLength() > 2048);
    byte[] input = message;
    byte[] second = BigIntegers.asUnsignedByteArray(256, sum);
    assertRefused(Reason.BAD_SIGNATURE, () -> key.key().verify(input, second));
    byte[] none = BigIntegers.asUnsignedByteArray(256, modulus);
    assertRefused(Reason.BAD_SIGNATURE, () -> key.key().verify(input, none));
  }

  /** Bouncy Castle's exceptions would be a no as well, further out. */
  @Test
  void whatIsNoSignatureInDerIsANo() throws Exception {
    SignatureSuite suite = SignatureSuite.ECDSA_P256_SHA256;
    VerificationKey.SuiteVerifier verifier = SpkiReader.read(suite, TestKey.of(suite).key().spki());
    assertThat(verifier.isValid(new byte[32], new byte[8])).isFalse();
  }

  @Test
  void keysOfTheSameBytesAreEqual() throws Exception {
    SignatureSuite suite = SignatureSuite.ED25519;
    VerificationKey key = VerificationKey.of(suite, TestKey.of(suite).key().spki());
    assertThat(VerificationKey.of(suite, key.spki())).isEqualTo(key).hasSameHashCodeAs(key);
    assertThat(key).isNotEqualTo(TestKey.of(suite, "second").key());
    assertThat((Object) key).isNotEqualTo(key.toString());
  }

  @Test
  void theKeyIdIsTheDigestOfTheKey() {
    TestKey key = TestKey.of(SignatureSuite.ED25519);
    assertThat(key.keyId()).isEqualTo(Digest.of(key.key().spki()));
    assertThat(key.key()).hasToString("ed25519:" + key.keyId().abbreviated());
  }

  private static Bytes spki(AlgorithmIdentifier algorithm, byte[] bits) throws IOException {
    ASN1EncodableVector parts = new ASN1EncodableVector();
    parts.add(algorithm);
    parts.add(new DERBitString(bits));
    return Bytes.copyOf(new DERSequence(parts).getEncoded("DER"));
  }
}
