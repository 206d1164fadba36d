package dev.otasigner.benchmarks;

import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Locale;
import java.util.Optional;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** A key used as any program would, with nothing around it: no intent, no check, no record. */
final class BareKey {
  private final Provider provider;
  private final String algorithm;
  private final PrivateKey key;

  private BareKey(Provider provider, String algorithm, PrivateKey key) {
    this.provider = provider;
    this.algorithm = algorithm;
    this.key = key;
  }

  /** By the provider whose arithmetic the software token uses too. */
  static BareKey ofSameProvider(SignatureSuite suite) throws GeneralSecurityException {
    Provider bouncyCastle = new BouncyCastleProvider();
    return switch (suite.family()) {
      case RSA_PKCS1 ->
          made(
              corretto().orElse(Security.getProvider("SunRsaSign")), "RSA", "SHA256withRSA", suite);
      case ECDSA -> made(bouncyCastle, "EC", "SHA256withECDSA", suite);
      case ED25519 -> made(bouncyCastle, "Ed25519", "Ed25519", suite);
      case ML_DSA -> {
        String name = suite.code().toUpperCase(Locale.ROOT);
        yield made(bouncyCastle, name, name, suite);
      }
      default -> throw new IllegalArgumentException("no yardstick for " + suite.code());
    };
  }

  /** The native provider, in the run that has it on its class path. */
  static Optional<Provider> corretto() {
    try {
      Class<?> type =
          Class.forName("com.amazon.corretto.crypto.provider.AmazonCorrettoCryptoProvider");
      return Optional.of((Provider) type.getField("INSTANCE").get(null));
    } catch (ReflectiveOperationException e) {
      return Optional.empty();
    }
  }

  /** By the JDK's PKCS#11 provider, with a key that lives in the module as ours do. */
  static BareKey ofModule(BenchHsm hsm, SignatureSuite suite)
      throws GeneralSecurityException, IOException {
    Path configuration = Files.createTempFile("pkcs11", ".cfg");
    Files.writeString(
        configuration,
        "name = bare\nlibrary = "
            + hsm.module()
            + "\nslotListIndex = 0\nattributes(generate,CKO_PRIVATE_KEY,*) = {\n"
            + "CKA_TOKEN = true\nCKA_PRIVATE = true\nCKA_SENSITIVE = true\n"
            + "CKA_EXTRACTABLE = false\nCKA_SIGN = true\n}\n");
    Provider provider = Security.getProvider("SunPKCS11").configure(configuration.toString());
    Files.delete(configuration);
    KeyStore store = KeyStore.getInstance("PKCS11", provider);
    store.load(null, BenchHsm.PIN.toCharArray());
    return switch (suite.family()) {
      case RSA_PKCS1 -> made(provider, "RSA", "SHA256withRSA", suite);
      case ECDSA -> made(provider, "EC", "SHA256withECDSA", suite);
      default -> throw new IllegalArgumentException("the JDK's provider has no " + suite.code());
    };
  }

  private static BareKey made(
      Provider provider, String kind, String algorithm, SignatureSuite suite)
      throws GeneralSecurityException {
    KeyPairGenerator generator = KeyPairGenerator.getInstance(kind, provider);
    AlgorithmParameterSpec parameters =
        switch (kind) {
          case "RSA" -> new RSAKeyGenParameterSpec(suite.parameter(), RSAKeyGenParameterSpec.F4);
          case "EC" -> new ECGenParameterSpec("secp" + suite.parameter() + "r1");
          default -> null;
        };
    if (parameters != null) {
      generator.initialize(parameters);
    }
    return new BareKey(provider, algorithm, generator.generateKeyPair().getPrivate());
  }

  byte[] sign(byte[] message) throws GeneralSecurityException {
    Signature signature = Signature.getInstance(algorithm, provider);
    signature.initSign(key);
    signature.update(message);
    return signature.sign();
  }
}
