package dev.otasigner.device.enrol;

import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A key that the device was born with, and the factory's word that it is this device's. */
public final class FactoryCertificate implements Credential {
  private static final int MAX_CHAIN = 4;
  private static final Pattern CERTIFICATE =
      Pattern.compile("-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----");
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private final KeyPair keys;
  private final List<X509Certificate> chain;

  private FactoryCertificate(KeyPair keys, List<X509Certificate> chain) {
    this.keys = keys;
    this.chain = chain;
  }

  /**
   * A key that was made just now.
   *
   * @param chain the device's certificate first
   */
  public static FactoryCertificate of(KeyPair keys, List<X509Certificate> chain) {
    return new FactoryCertificate(keys, List.copyOf(chain));
  }

  /**
   * Reads both files' text.
   *
   * @param chain certificates in PEM, the device's first; whatever else is in there is left out
   * @param key a private key in PEM, PKCS#8 without encryption
   * @throws IOException when they are not that, or not of one key; it never quotes the key
   */
  public static FactoryCertificate read(String chain, String key) throws IOException {
    List<X509Certificate> certificates = certificates(chain);
    PublicKey born = certificates.get(0).getPublicKey();
    if (ClientKeys.typeOf(born).isEmpty()) {
      throw new IOException("the certificate's key is neither rsa-2048 nor p-256 nor p-384");
    }
    KeyPair keys = new KeyPair(born, privateKey(born.getAlgorithm(), key));
    if (!ClientKeys.belongTogether(keys)) {
      throw new IOException("the private key is not the certificate's");
    }
    return new FactoryCertificate(keys, certificates);
  }

  private static List<X509Certificate> certificates(String text) throws IOException {
    StringBuilder pem = new StringBuilder();
    int count = 0;
    for (Matcher block = CERTIFICATE.matcher(text); block.find(); count++) {
      pem.append(block.group()).append('\n');
    }
    if (count < 1 || count > MAX_CHAIN) {
      throw new IOException("one to " + MAX_CHAIN + " certificates in PEM are expected");
    }
    return IssuedCertificate.certificates(pem.toString());
  }

  private static PrivateKey privateKey(String algorithm, String text) throws IOException {
    Matcher block = PRIVATE_KEY.matcher(text);
    if (!block.find()) {
      throw new IOException("no PRIVATE KEY block (PKCS#8, not encrypted) for the certificate");
    }
    try {
      return ClientKeys.read(algorithm, Base64.getMimeDecoder().decode(block.group(1)));
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException("the private key cannot be read as the certificate's kind of key");
    }
  }

  @Override
  public Optional<KeyPair> bornKey(ClientKeyType type) throws RejectedException {
    ClientKeyType born = ClientKeys.typeOf(keys.getPublic()).orElseThrow();
    if (born != type) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT,
          "the factory certificate's key is not of the kind that the build's profile names",
          type.code(),
          born.code());
    }
    return Optional.of(keys);
  }

  @Override
  public Json.Builder addTo(Json.Builder request) throws IOException {
    return request.put("factoryCert", IssuedCertificate.pem(chain));
  }

  @Override
  public String toString() {
    return "factory certificate " + chain.get(0).getSerialNumber().toString(16);
  }
}
