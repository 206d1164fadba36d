package dev.otasigner.verifier.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAPublicKey;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.crypto.ec.CustomNamedCurves;

/**
 * Hostile keys and hostile signatures, for every suite of the registry. The keys are well formed
 * and the same in every run; nobody has their private halves, and nobody needs them here.
 */
final class KeyFuzz {
  private static final List<SignatureSuite> SUITES = List.of(SignatureSuite.values());
  private static final byte[] MESSAGE = {'m'};
  private static final Map<SignatureSuite, VerificationKey> KEYS = keys();

  private KeyFuzz() {}

  /** A suite and a public key, then some signature. */
  static void readKey(byte[] input) {
    Script script = new Script(input);
    SignatureSuite suite = SUITES.get(script.below(SUITES.size()));
    byte[] spki = script.rest();
    VerificationKey key;
    try {
      key = VerificationKey.of(suite, Bytes.copyOf(spki));
    } catch (RejectedException e) {
      return;
    }
    assertThat(key.spki().toByteArray()).isEqualTo(spki);
    verify(key, new byte[suite.maxSignatureBytes()]);
  }

  /** A suite and a signature by its key. */
  static void verifySignature(byte[] input) {
    Script script = new Script(input);
    VerificationKey key = KEYS.get(SUITES.get(script.below(SUITES.size())));
    if (key != null) {
      byte[] start = script.rest();
      verify(key, start);
      // Most suites look at nothing that has another length.
      verify(key, Arrays.copyOf(start, key.suite().maxSignatureBytes()));
    }
  }

  private static void verify(VerificationKey key, byte[] signature) {
    try {
      key.verify(MESSAGE, signature);
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
  }

  static List<byte[]> keySeeds() {
    List<byte[]> seeds = new ArrayList<>();
    KEYS.forEach((suite, key) -> seeds.add(prefixed(suite, key.spki().toByteArray())));
    return seeds;
  }

  static List<byte[]> signatureSeeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (SignatureSuite suite : SUITES) {
      seeds.add(
          prefixed(
              suite,
              switch (suite.family()) {
                case ECDSA -> HexFormat.of().parseHex("3006020101020101");
                case HSS_LMS -> hssSignature();
                case RSA_PKCS1, RSA_PSS, ED25519, ML_DSA, SLH_DSA -> new byte[80];
              }));
    }
    return seeds;
  }

  private static byte[] prefixed(SignatureSuite suite, byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(SUITES.indexOf(suite));
    out.writeBytes(bytes);
    return out.toByteArray();
  }

  /** One level, LMOTS_SHA256_N32_W8 under LMS_SHA256_M32_H5, all hashes zero: RFC 8554. */
  private static byte[] hssSignature() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(HexFormat.of().parseHex("000000000000000000000004"));
    out.writeBytes(new byte[32 + 34 * 32]);
    out.writeBytes(HexFormat.of().parseHex("00000005"));
    out.writeBytes(new byte[5 * 32]);
    return out.toByteArray();
  }

  private static Map<SignatureSuite, VerificationKey> keys() {
    Map<SignatureSuite, VerificationKey> keys = new EnumMap<>(SignatureSuite.class);
    for (SignatureSuite suite : SUITES) {
      try {
        keys.put(suite, VerificationKey.of(suite, Bytes.copyOf(spki(suite).getEncoded("DER"))));
      } catch (IOException | RejectedException e) {
        throw new IllegalStateException(suite.code(), e);
      }
    }
    return keys;
  }

  private static SubjectPublicKeyInfo spki(SignatureSuite suite) throws IOException {
    Random random = new Random(SUITES.indexOf(suite));
    return switch (suite.family()) {
      case RSA_PKCS1, RSA_PSS -> {
        BigInteger n =
            new BigInteger(suite.parameter(), random).setBit(suite.parameter() - 1).setBit(0);
        yield new SubjectPublicKeyInfo(
            new AlgorithmIdentifier(PKCSObjectIdentifiers.rsaEncryption, DERNull.INSTANCE),
            new RSAPublicKey(n, BigInteger.valueOf(65537)));
      }
      case ECDSA -> {
        ASN1ObjectIdentifier curve =
            switch (suite.parameter()) {
              case 256 -> X9ObjectIdentifiers.prime256v1;
              case 384 -> SECObjectIdentifiers.secp384r1;
              default -> SECObjectIdentifiers.secp521r1;
            };
        yield new SubjectPublicKeyInfo(
            new AlgorithmIdentifier(X9ObjectIdentifiers.id_ecPublicKey, curve),
            CustomNamedCurves.getByOID(curve).getG().getEncoded(false));
      }
      // RFC 8032: the base point.
      case ED25519 ->
          bare(
              new ASN1ObjectIdentifier("1.3.101.112"),
              HexFormat.of().parseHex("58" + "66".repeat(31)));
      case ML_DSA ->
          switch (suite.parameter()) {
            case 44 -> bare(NISTObjectIdentifiers.id_ml_dsa_44, random(random, 1312));
            case 65 -> bare(NISTObjectIdentifiers.id_ml_dsa_65, random(random, 1952));
            default -> bare(NISTObjectIdentifiers.id_ml_dsa_87, random(random, 2592));
          };
      case SLH_DSA ->
          suite.parameter() == 128
              ? bare(NISTObjectIdentifiers.id_slh_dsa_sha2_128s, random(random, 32))
              : bare(NISTObjectIdentifiers.id_slh_dsa_sha2_192s, random(random, 48));
      case HSS_LMS ->
          bare(
              PKCSObjectIdentifiers.id_alg_hss_lms_hashsig,
              HexFormat.of().parseHex("000000010000000500000004" + "00".repeat(48)));
    };
  }

  private static SubjectPublicKeyInfo bare(ASN1ObjectIdentifier algorithm, byte[] key) {
    return new SubjectPublicKeyInfo(new AlgorithmIdentifier(algorithm), key);
  }

  private static byte[] random(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }
}
