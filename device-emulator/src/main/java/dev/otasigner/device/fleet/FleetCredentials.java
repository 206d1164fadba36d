package dev.otasigner.device.fleet;

import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.FactoryCertificate;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.verifier.device.ClientKeyType;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** What each device of a fleet enrols with. Its text never tells what it is. */
public sealed interface FleetCredentials {
  /** A list of secrets is at most this long, in characters. */
  int MAX_SECRETS = 4 * 1024 * 1024;

  /**
   * The device's credential.
   *
   * @param type the kind of key that it needs
   * @throws IOException when there is none for it
   */
  Credential of(String deviceId, ClientKeyType type) throws IOException;

  /** Whether there is one for this device. */
  boolean isFor(String deviceId);

  /**
   * One-time secrets, a device a line: {@code DEVICE-ID,SECRET}. Empty lines and such as begin with
   * {@code #} do not count.
   *
   * @throws IOException naming the first line that is something else; it never quotes it
   */
  static FleetCredentials secrets(String csv) throws IOException {
    if (csv.length() > MAX_SECRETS) {
      throw new IOException("a list of secrets has at most " + MAX_SECRETS + " characters");
    }
    Map<String, String> secrets = new HashMap<>();
    BufferedReader lines = new BufferedReader(new StringReader(csv));
    int number = 0;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      int comma = line.indexOf(',');
      String id = comma < 0 ? "" : line.substring(0, comma).strip();
      String secret = line.substring(comma + 1).strip();
      if (!Secrets.ID.matcher(id).matches() || !Secrets.SECRET.matcher(secret).matches()) {
        throw new IOException("line " + number + ": DEVICE-ID,SECRET is expected");
      }
      if (secrets.put(id, secret) != null) {
        throw new IOException("line " + number + ": a second secret for " + id);
      }
    }
    return new Secrets(secrets);
  }

  /**
   * A factory: it gives each device a key to be born with, and certifies it.
   *
   * @param certificate of its authority, in PEM
   * @param key the authority's private key in PEM, PKCS#8 without encryption
   * @throws IOException when they are not that, or not of one key; it never quotes the key
   */
  static FleetCredentials factory(String certificate, String key, Clock clock) throws IOException {
    List<X509Certificate> chain = IssuedCertificate.certificates(certificate);
    if (chain.size() != 1 || chain.get(0).getBasicConstraints() < 0) {
      throw new IOException("one certificate of an authority in PEM is expected");
    }
    String body =
        key.replaceAll("(?s).*-----BEGIN PRIVATE KEY-----|-----END PRIVATE KEY-----.*", "");
    try {
      KeyPair keys =
          new KeyPair(
              chain.get(0).getPublicKey(),
              ClientKeys.read(
                  chain.get(0).getPublicKey().getAlgorithm(),
                  Base64.getMimeDecoder().decode(body)));
      if (!ClientKeys.belongTogether(keys)) {
        throw new IOException("the private key is not the certificate's");
      }
      return new Factory(chain.get(0), keys, clock);
    } catch (IllegalArgumentException e) {
      throw new IOException("no PRIVATE KEY block (PKCS#8, not encrypted) for the certificate");
    }
  }

  /** By device id. */
  record Secrets(Map<String, String> byDevice) implements FleetCredentials {
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Pattern SECRET = Pattern.compile("[!-~]{1,256}");

    public Secrets {
      byDevice = Map.copyOf(byDevice);
    }

    @Override
    public Credential of(String deviceId, ClientKeyType type) throws IOException {
      String secret = byDevice.get(deviceId);
      if (secret == null) {
        throw new IOException("there is no secret for " + deviceId);
      }
      return new Credential.OneTimeSecret(secret);
    }

    @Override
    public boolean isFor(String deviceId) {
      return byDevice.containsKey(deviceId);
    }

    @Override
    public String toString() {
      return byDevice.size() + " one-time secrets";
    }
  }

  /** Certifies a fresh key each time it is asked. */
  record Factory(X509Certificate certificate, KeyPair keys, Clock clock)
      implements FleetCredentials {
    private static final Duration LIFETIME = Duration.ofDays(3650);
    private static final int SERIAL_BITS = 120;

    @Override
    public Credential of(String deviceId, ClientKeyType type) throws IOException {
      KeyPair born = ClientKeys.generate(type);
      Instant now = clock.instant();
      boolean rsa = keys.getPublic().getAlgorithm().equals("RSA");
      try {
        X509Certificate leaf =
            new JcaX509CertificateConverter()
                .getCertificate(
                    new JcaX509v3CertificateBuilder(
                            X500Name.getInstance(
                                certificate.getSubjectX500Principal().getEncoded()),
                            new BigInteger(SERIAL_BITS, new SecureRandom()),
                            Date.from(now.minus(Duration.ofDays(1))),
                            Date.from(now.plus(LIFETIME)),
                            new X500NameBuilder().addRDN(BCStyle.CN, deviceId).build(),
                            born.getPublic())
                        .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                        .build(
                            new JcaContentSignerBuilder(rsa ? "SHA256withRSA" : "SHA256withECDSA")
                                .build(keys.getPrivate())));
        return FactoryCertificate.of(born, List.of(leaf));
      } catch (GeneralSecurityException | OperatorCreationException e) {
        throw new IOException("the factory's key does not sign", e);
      }
    }

    @Override
    public boolean isFor(String deviceId) {
      return true;
    }

    @Override
    public String toString() {
      return "factory " + certificate.getSubjectX500Principal();
    }
  }
}
