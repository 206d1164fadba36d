package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys as they are spelt: one spelling of each, and none that is weak. */
class SpkiReaderTests {
  private static final ASN1ObjectIdentifier ED25519_OID = new ASN1ObjectIdentifier("1.3.101.112");

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
  void aKeyOfAnotherAlgorithmOnTheRightCurveIsUnsupported() throws Exception {
    SubjectPublicKeyInfo info =
        SubjectPublicKeyInfo.getInstance(
            TestKey.of(SignatureSuite.ECDSA_P256_SHA256).key().spki().toByteArray());
    AlgorithmIdentifier other =
        new AlgorithmIdentifier(
            PKCSObjectIdentifiers.rsaEncryption, info.getAlgorithm().getParameters());
    Bytes wrong = spki(other, info.getPublicKeyData().getOctets());
    assertRefused(
        Reason.UNSUPPORTED_ALGORITHM,
        () -> VerificationKey.of(SignatureSuite.ECDSA_P256_SHA256, wrong));
  }

  /** The same key, its length in two bytes where one does. */
  @Test
  void aSecondSpellingOfAnEd25519KeyIsMalformed() throws Exception {
    byte[] key = TestKey.of(SignatureSuite.ED25519).key().spki().toByteArray();
    String hex = HexFormat.of().formatHex(key);
    assertThat(hex).startsWith("302a");
    Bytes wrong = Bytes.ofHex("30812a" + hex.substring(4));
    assertRefused(Reason.MALFORMED, () -> VerificationKey.of(SignatureSuite.ED25519, wrong));
  }

  @Test
  void anRsaExponentHasAtLeastTwoBitsAndAtMostSixtyFour() throws Exception {
    BigInteger n = BigInteger.ONE.shiftLeft(2047).add(BigInteger.ONE);
    VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, rsa(n, BigInteger.valueOf(3)));
    BigInteger longest = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
    VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, rsa(n, longest));
  }

  @Test
  void aNegativeRsaModulusIsMalformed() throws Exception {
    BigInteger negative = BigInteger.ONE.shiftLeft(2047).add(BigInteger.ONE).negate();
    Bytes wrong = rsa(negative, BigInteger.valueOf(65537));
    assertRefused(
        Reason.MALFORMED, () -> VerificationKey.of(SignatureSuite.RSA_PSS_2048_SHA256, wrong));
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
