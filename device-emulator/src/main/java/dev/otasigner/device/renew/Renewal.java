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
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;

/** Asks for a certificate in place of the present one. */
public final class Renewal {
  private static final String PATH = "/device/v1/renew";

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
   * A certificate for this new key.
   *
   * @throws IOException when the service gives none
   */
  public static ClientIdentity request(
      Server server, String deviceId, ClientKeyType type, KeyPair keys) throws IOException {
    byte[] json =
        Json.object().put("csr", CertificateRequest.pem(deviceId, type, keys)).build().textBytes();
    byte[] answer = server.post(PATH, json, 201, IssuedCertificate.MAX_BYTES);
    return new ClientIdentity(keys.getPrivate(), IssuedCertificate.read(answer, keys.getPublic()));
  }
}
