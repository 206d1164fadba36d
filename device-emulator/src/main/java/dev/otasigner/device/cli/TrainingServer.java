package dev.otasigner.device.cli;

import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.verifier.device.ClientKeyType;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A server for {@link StartupClasses}: files by their path, for as long as the training runs. */
final class TrainingServer implements Closeable {
  private final KeyPair keys = ClientKeys.generate(ClientKeyType.RSA_2048);
  private final X509Certificate certificate = selfSigned();
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final SSLServerSocket listener;

  TrainingServer() throws IOException, GeneralSecurityException, OperatorCreationException {
    char[] password = new char[0];
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("server", keys.getPrivate(), password, new X509Certificate[] {certificate});
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    listener =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
    Thread thread = new Thread(this::serve, "training server");
    thread.setDaemon(true);
    thread.start();
  }

  private X509Certificate selfSigned()
      throws GeneralSecurityException, OperatorCreationException, IOException {
    X500Name name = new X500Name("CN=training");
    Instant now = Instant.now();
    return new JcaX509CertificateConverter()
        .getCertificate(
            new JcaX509v3CertificateBuilder(
                    name,
                    BigInteger.ONE,
                    Date.from(now.minus(Duration.ofDays(1))),
                    Date.from(now.plus(Duration.ofDays(2))),
                    name,
                    keys.getPublic())
                .addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")))
                .build(new JcaContentSignerBuilder("SHA256withRSA").build(keys.getPrivate())));
  }

  /** The server's and, in the training, the device's too. */
  KeyPair keys() {
    return keys;
  }

  X509Certificate certificate() {
    return certificate;
  }

  int port() {
    return listener.getLocalPort();
  }

  void put(String path, byte[] content) {
    files.put(path, content);
  }

  private void serve() {
    while (!listener.isClosed()) {
      try (SSLSocket connection = (SSLSocket) listener.accept()) {
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.US_ASCII));
        OutputStream out = connection.getOutputStream();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
          answer(line, in, out);
        }
      } catch (IOException e) {
        // The device has gone, or the training is over.
      }
    }
  }

  private void answer(String requestLine, BufferedReader in, OutputStream out) throws IOException {
    int length = 0;
    for (String line = in.readLine(); line != null && !line.isEmpty(); line = in.readLine()) {
      if (line.startsWith("Content-Length: ")) {
        length = Integer.parseInt(line.substring("Content-Length: ".length()));
      }
    }
    in.skip(length);
    byte[] content = files.get(requestLine.split(" ", 3)[1]);
    byte[] body = content == null ? new byte[0] : content;
    String head =
        "HTTP/1.1 "
            + (content == null ? "404 Not Found" : "200 OK")
            + "\r\nContent-Length: "
            + body.length
            + "\r\n\r\n";
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(body);
    out.flush();
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
