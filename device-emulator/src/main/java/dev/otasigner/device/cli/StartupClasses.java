package dev.otasigner.device.cli;

import dev.otasigner.device.agent.OsFlash;
import dev.otasigner.device.boot.BootMemory;
import dev.otasigner.device.boot.BootSequence;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.identity.CertificateRequest;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Route;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialer;
import dev.otasigner.device.transport.TlsPolicy;
import dev.otasigner.device.transport.Uplink;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
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

/**
 * Runs what every start of a device has in common, against a server of its own, so that the
 * class-data archive which the launcher makes from this run holds their classes. What it prints
 * goes nowhere.
 */
final class StartupClasses {
  private static final long SLOT_BYTES = 64 * 1024;

  private StartupClasses() {}

  public static void main(String[] args)
      throws IOException, GeneralSecurityException, OperatorCreationException, RejectedException {
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    for (String command : List.of("enrol", "run", "state")) {
      Main.run(new String[] {command, "--help"}, nowhere, nowhere);
    }
    Main.run(new String[] {"run", "--flash", "none", "--json"}, nowhere, nowhere);
    KeyPair keys = ClientKeys.generate(ClientKeyType.RSA_2048);
    X509Certificate certificate = selfSigned(keys);
    connect(keys, certificate);
    boot(keys);
    CertificateRequest.pem("none", ClientKeyType.RSA_2048, keys);
    ClientKeys.generate(ClientKeyType.P_384);
  }

  private static X509Certificate selfSigned(KeyPair keys)
      throws GeneralSecurityException, OperatorCreationException, IOException {
    X500Name name = new X500Name("CN=training");
    Instant now = Instant.now();
    return new JcaX509CertificateConverter()
        .getCertificate(
            new JcaX509v3CertificateBuilder(
                    name,
                    BigInteger.ONE,
                    Date.from(now.minus(Duration.ofDays(1))),
                    Date.from(now.plus(Duration.ofDays(1))),
                    name,
                    keys.getPublic())
                .addExtension(
                    Extension.subjectAlternativeName,
                    false,
                    new GeneralNames(new GeneralName(GeneralName.dNSName, "localhost")))
                .build(new JcaContentSignerBuilder("SHA256withRSA").build(keys.getPrivate())));
  }

  private static void connect(KeyPair keys, X509Certificate certificate)
      throws IOException, GeneralSecurityException {
    for (String version : List.of("TLSv1.2", "TLSv1.3")) {
      try (SSLServerSocket listener = listener(keys, certificate)) {
        Thread server = new Thread(() -> answerOnce(listener), "server");
        server.setDaemon(true);
        server.start();
        TlsPolicy policy =
            new TlsPolicy(
                List.of(version),
                List.of(),
                java.util.Set.of(Digest.of(keys.getPublic().getEncoded())));
        TlsDialer dialer =
            new TlsDialer(
                policy,
                Optional.of(new ClientIdentity(keys.getPrivate(), List.of(certificate))),
                Instant.now(),
                true,
                Timeouts.DEFAULT);
        Route route = new Route("localhost", listener.getLocalPort());
        try (Uplink uplink = new Uplink(List.of(route), dialer, Timeouts.DEFAULT)) {
          uplink.get("/training", 100);
        }
      }
    }
  }

  private static SSLServerSocket listener(KeyPair keys, X509Certificate certificate)
      throws GeneralSecurityException, IOException {
    char[] password = new char[0];
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("server", keys.getPrivate(), password, new X509Certificate[] {certificate});
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(store, password);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    SSLServerSocket listener =
        (SSLServerSocket)
            context
                .getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
    listener.setWantClientAuth(false);
    return listener;
  }

  private static void answerOnce(SSLServerSocket listener) {
    try (SSLSocket connection = (SSLSocket) listener.accept();
        InputStream in = connection.getInputStream();
        OutputStream out = connection.getOutputStream()) {
      String request = "";
      while (!request.endsWith("\r\n\r\n")) {
        request += (char) in.read();
      }
      out.write(
          "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A boot that ends in a refusal has loaded what one that succeeds needs. */
  private static void boot(KeyPair keys)
      throws IOException, GeneralSecurityException, RejectedException {
    VerificationKey key =
        VerificationKey.of(
            SignatureSuite.RSA_PSS_2048_SHA256, Bytes.copyOf(keys.getPublic().getEncoded()));
    Signature signature = Signature.getInstance("SHA256withRSA");
    signature.initSign(keys.getPrivate());
    signature.update(new byte[1]);
    try {
      key.verify(new byte[1], signature.sign());
    } catch (RejectedException e) {
      // Another padding: as meant.
      key.keyId();
    }
    Bootloader bootloader =
        new Bootloader(
            "training",
            List.of(BootAnchor.of(new Anchor(key))),
            List.of(),
            true,
            true,
            true,
            Bootloader.KeyTlv.KEYHASH,
            SLOT_BYTES);
    Flash flash = Flash.inMemory(FlashLayout.forSlots(SLOT_BYTES));
    BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER))
        .provision(bootloader, 1, 1024);
    try {
      BootSequence.reset(flash);
    } catch (IOException e) {
      // Nothing boots, and nothing is enrolled.
      OsFlash.of(flash).bootMemory().counter();
    }
  }
}
