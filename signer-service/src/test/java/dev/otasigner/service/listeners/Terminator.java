package dev.otasigner.service.listeners;

import dev.otasigner.verifier.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Something that stands in front of a listener and speaks TLS in its place, by a key of its own.
 */
public final class Terminator implements AutoCloseable {
  private static final char[] PASSWORD = "memory only".toCharArray();

  private final KeyPair pair;
  private final SSLServerSocket server;

  /** Listens at once; port 0 for any. */
  public Terminator(String address, int port, String version, boolean asksForCertificates) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      pair = generator.generateKeyPair();
      KeyStore keys = KeyStore.getInstance("PKCS12");
      keys.load(null, null);
      keys.setKeyEntry(
          "server", pair.getPrivate(), PASSWORD, new Certificate[] {certificate(address)});
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(keys, PASSWORD);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(factory.getKeyManagers(), null, null);
      server =
          (SSLServerSocket)
              context
                  .getServerSocketFactory()
                  .createServerSocket(port, 5, InetAddress.getByName(address));
    } catch (GeneralSecurityException | IOException | OperatorCreationException e) {
      throw new AssertionError(e);
    }
    server.setEnabledProtocols(new String[] {version});
    server.setWantClientAuth(asksForCertificates);
    Thread thread = new Thread(this::serve, "terminator");
    thread.setDaemon(true);
    thread.start();
  }

  public int port() {
    return server.getLocalPort();
  }

  /** What a profile would pin of it. */
  public Digest anchor() {
    return Digest.of(pair.getPublic().getEncoded());
  }

  private Certificate certificate(String address)
      throws IOException, GeneralSecurityException, OperatorCreationException {
    Instant now = Instant.now();
    X500Name name = new X500Name("CN=terminator");
    byte[] der =
        new X509v3CertificateBuilder(
                name,
                BigInteger.valueOf(now.toEpochMilli()),
                Date.from(now.minus(Duration.ofDays(1))),
                Date.from(now.plus(Duration.ofDays(2))),
                name,
                SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()))
            .addExtension(
                Extension.subjectAlternativeName,
                false,
                new GeneralNames(new GeneralName(GeneralName.iPAddress, address)))
            .build(new JcaContentSignerBuilder("SHA256withRSA").build(pair.getPrivate()))
            .getEncoded();
    return CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(der));
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket accepted = server.accept()) {
        ((SSLSocket) accepted).startHandshake();
        if (accepted.getInputStream().read() >= 0) {
          throw new AssertionError("something was sent");
        }
      } catch (IOException refused) {
        // Whoever calls looks at how it ended.
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
