package dev.otasigner.device.renew;

import dev.otasigner.device.identity.CertificateRequest;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Asks for a certificate in place of the present one. */
public final class Renewal {
  private static final String PATH = "/device/v1/renew";

  /** By so much the device's clock may be behind the service's. */
  private static final Duration TOLERANCE = Duration.ofDays(1);

  private Renewal() {}

  /** Whether the certificate is of another kind than the profile wants, or nears its end. */
  public static boolean isDue(X509Certificate certificate, ClientKeyType wanted, Instant now) {
    if (!ClientKeys.typeOf(certificate.getPublicKey()).filter(wanted::equals).isPresent()) {
      return true;
    }
    Instant begin = certificate.getNotBefore().toInstant();
    Instant end = certificate.getNotAfter().toInstant();
    Duration lifetime = Duration.between(begin, end);
    // In its last third: late enough to be rare, early enough for a device that is seldom on.
    return now.isAfter(end.minus(lifetime.dividedBy(3)));
  }

  /**
   * A certificate for this new key, for the same device as the present one.
   *
   * @throws IOException when the service gives none
   */
  public static ClientIdentity request(
      Server server, X509Certificate present, String deviceId, ClientKeyType type, KeyPair keys)
      throws IOException {
    byte[] json =
        Json.object().put("csr", CertificateRequest.pem(deviceId, type, keys)).build().textBytes();
    byte[] answer = server.post(PATH, json, 201, IssuedCertificate.MAX_BYTES);
    List<X509Certificate> chain = IssuedCertificate.read(answer, keys.getPublic());
    requireSameNames(present, chain.get(0));
    return new ClientIdentity(keys.getPrivate(), chain);
  }

  private static void requireSameNames(X509Certificate present, X509Certificate fresh)
      throws IOException {
    if (!fresh.getSubjectX500Principal().equals(present.getSubjectX500Principal())
        || !names(fresh).equals(names(present))) {
      throw new IOException(
          "the service certified "
              + fresh.getSubjectX500Principal().getName()
              + ", and not this device under its present names");
    }
  }

  private static Set<List<?>> names(X509Certificate certificate) throws IOException {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null ? Set.of() : new HashSet<>(names);
    } catch (CertificateParsingException e) {
      throw new IOException("a certificate with unreadable names", e);
    }
  }

  /**
   * Whether a certificate is of any use at this time.
   *
   * @param clockRuns false when {@code now} is only the earliest time it can be
   */
  public static boolean isTimely(X509Certificate certificate, Instant now, boolean clockRuns) {
    Instant begin = certificate.getNotBefore().toInstant();
    return certificate.getNotAfter().toInstant().isAfter(now)
        && (!clockRuns || begin.isBefore(now.plus(TOLERANCE)));
  }
}
