package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.generators.SLHDSAKeyPairGenerator;
import org.bouncycastle.crypto.params.SLHDSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.SLHDSAParameters;
import org.bouncycastle.crypto.params.SLHDSAPrivateKeyParameters;
import org.bouncycastle.crypto.params.SLHDSAPublicKeyParameters;
import org.bouncycastle.crypto.signers.SLHDSASigner;
import org.bouncycastle.crypto.util.SubjectPublicKeyInfoFactory;
import org.junit.jupiter.api.Test;

/**
 * NIST's own numbers for FIPS 205, from the ACVP server's samples. Signatures are too long to stand
 * here: each is made again from NIST's key and randomness, and must have the digest of NIST's.
 */
class SlhDsaVectorTests {
  /** ACVP sigVer-FIPS205, tgId 1 (SLH-DSA-SHA2-192s, internal interface), tcId 5: valid. */
  private static final byte[] SECRET_192S =
      hex(
          "62fa786668441d019f0e11dde28acd05118eb3a367d23196",
          "b2f99d6925d01dded1e6ebd4c53d54ba2b487fd0695d3b8c",
          "16cb49d388275f858540245668db6f371ed49a87e6d1856b",
          "fbe42865c0e4c0b2b7643a4321666c56c934892637743097");

  private static final byte[] RANDOMNESS = hex("ba7b7e10648e1f801fa361ad4bfeaa41eff9d5a7498a7237");
  private static final byte[] MESSAGE =
      hex(
          "3b03cb04d3257ac4d67ff3f2d52e6c848952a6f6d490bef64c53f6e32111",
          "0b56ed4d94d5c8a7544605e56da0811a580771d5b573291ee4d0d994ac28",
          "6c7faa441f750d2d35de5a3ec6cf15b960978bf87b6263cb562bcb");
  private static final Digest SIGNATURE_192S =
      new Digest("1db81b78b033523c7f1d3b1f818dd29c781cf2fd211e8d34f0b17d00c29391d7");

  private static byte[] hex(String... parts) {
    return HexFormat.of().parseHex(String.join("", parts));
  }

  /** FIPS 205 section 9: without the prefix that the pure interface of section 10 adds. */
  private static final class InternalSigner extends SLHDSASigner {
    byte[] sign(byte[] message, byte[] randomness) {
      return internalGenerateSignature(message, randomness);
    }
  }

  private static byte[] signInternally(byte[] message) {
    InternalSigner signer = new InternalSigner();
    signer.init(true, new SLHDSAPrivateKeyParameters(SLHDSAParameters.sha2_192s, SECRET_192S));
    return signer.sign(message, RANDOMNESS);
  }

  private static VerificationKey key(SignatureSuite suite, SLHDSAParameters set, byte[] bytes)
      throws Exception {
    return key(suite, new SLHDSAPublicKeyParameters(set, bytes));
  }

  private static VerificationKey key(SignatureSuite suite, SLHDSAPublicKeyParameters key)
      throws Exception {
    return VerificationKey.of(suite, spki(key));
  }

  private static Bytes spki(SLHDSAPublicKeyParameters key) throws IOException {
    return Bytes.copyOf(
        SubjectPublicKeyInfoFactory.createSubjectPublicKeyInfo(key).getEncoded("DER"));
  }

  private static VerificationKey key192s() throws Exception {
    byte[] open = Arrays.copyOfRange(SECRET_192S, 48, 96);
    return key(SignatureSuite.SLH_DSA_SHA2_192S, SLHDSAParameters.sha2_192s, open);
  }

  /** The suite is the pure interface: what was signed without its prefix is another message. */
  @Test
  void nistsSignatureOfTheInternalInterfaceIsNotOneOfTheSuite() throws Exception {
    byte[] signature = signInternally(MESSAGE);
    assertThat(Digest.of(signature)).isEqualTo(SIGNATURE_192S);
    VerificationKey key = key192s();
    assertRefused(Reason.BAD_SIGNATURE, () -> key.verify(MESSAGE, signature));
  }

  /**
   * FIPS 205 algorithm 22: a zero for pure, the length of the context, the context, the message.
   */
  @Test
  void nistsKeySignsForTheSuiteWithThePurePrefixAndNoContext() throws Exception {
    VerificationKey key = key192s();
    key.verify(MESSAGE, signInternally(prefixed(0, 0)));
    byte[] withContext = signInternally(prefixed(0, 1, 'c'));
    assertRefused(Reason.BAD_SIGNATURE, () -> key.verify(MESSAGE, withContext));
    byte[] preHashed = signInternally(prefixed(1, 0));
    assertRefused(Reason.BAD_SIGNATURE, () -> key.verify(MESSAGE, preHashed));
  }

  private static byte[] prefixed(int... prefix) {
    byte[] bytes = new byte[prefix.length + MESSAGE.length];
    for (int i = 0; i < prefix.length; i++) {
      bytes[i] = (byte) prefix[i];
    }
    System.arraycopy(MESSAGE, 0, bytes, prefix.length, MESSAGE.length);
    return bytes;
  }

  /** ACVP keyGen-FIPS205, tgId 1, tcId 1: a key of NIST's seeds is NIST's, and signs for us. */
  @Test
  void nistsKeyOfTheSmallerSetIsReadAndVerifies() throws Exception {
    byte[] open = hex("1a05a42fe300e87b16aee116cb2e2363", "58e2c3e62632c9de03d08a535a0eb7e7");
    SLHDSAKeyPairGenerator generator = new SLHDSAKeyPairGenerator();
    generator.init(
        new SLHDSAKeyGenerationParameters(new SecureRandom(), SLHDSAParameters.sha2_128s));
    AsymmetricCipherKeyPair pair =
        generator.internalGenerateKeyPair(
            hex("2f896d61d9cd9038ca303394fadaa22a"),
            hex("24ac5ec1d86a989ca2196c3c8632419c"),
            Arrays.copyOf(open, 16));
    assertThat(((SLHDSAPublicKeyParameters) pair.getPublic()).getEncoded()).isEqualTo(open);
    SLHDSASigner signer = new SLHDSASigner();
    signer.init(true, pair.getPrivate());
    byte[] signature = signer.generateSignature(MESSAGE);
    assertThat(signature).hasSize(7856);
    key(SignatureSuite.SLH_DSA_SHA2_128S, SLHDSAParameters.sha2_128s, open)
        .verify(MESSAGE, signature);
  }
}
