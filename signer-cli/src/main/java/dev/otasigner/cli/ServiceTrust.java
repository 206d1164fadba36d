package dev.otasigner.cli;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** Trust in a service by authorities of one's own, in place of those of the JVM. */
final class ServiceTrust {
  private ServiceTrust() {}

  /** TLS 1.2 and 1.3, as the JVM has them, under the authorities in this file. */
  static SSLSocketFactory of(Terminal terminal, Path authorities) {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(authorities))) {
      Collection<? extends Certificate> all =
          CertificateFactory.getInstance("X.509").generateCertificates(in);
      if (all.isEmpty()) {
        throw CommandFailedException.usage(terminal.show(authorities) + ": no certificate in PEM");
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (Certificate authority : all) {
        store.setCertificateEntry("authority-" + store.size(), authority);
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context.getSocketFactory();
    } catch (IOException e) {
      throw FileTrouble.of(terminal, e).because(e);
    } catch (GeneralSecurityException e) {
      throw CommandFailedException.usage(terminal.show(authorities) + ": no certificate in PEM")
          .because(e);
    }
  }
}
