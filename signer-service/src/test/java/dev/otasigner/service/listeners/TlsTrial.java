package dev.otasigner.service.listeners;

import java.io.IOException;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.TreeSet;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** A client that offers one suite at a time, of all that this JVM can speak. */
public final class TlsTrial {

  private TlsTrial() {}

  /** The suites that a listener agrees on. */
  public static Set<String> of(String host, int port) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anybody()}, null);
    Set<String> agreed = new TreeSet<>();
    for (String suite : context.getSupportedSSLParameters().getCipherSuites()) {
      if (suite.contains("SCSV")) {
        continue;
      }
      for (String version : new String[] {"TLSv1.3", "TLSv1.2"}) {
        if (version.equals("TLSv1.2") == suite.contains("_WITH_")) {
          tryOne(context, host, port, version, suite, agreed);
        }
      }
    }
    return agreed;
  }

  private static void tryOne(
      SSLContext context, String host, int port, String version, String suite, Set<String> agreed)
      throws IOException {
    try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(host, port)) {
      socket.setSoTimeout(20_000);
      socket.setEnabledProtocols(new String[] {version});
      socket.setEnabledCipherSuites(new String[] {suite});
      socket.startHandshake();
      agreed.add(socket.getSession().getCipherSuite());
    } catch (SSLException | IllegalArgumentException refused) {
      // Not agreed on.
    }
  }

  /** Whoever the listener is: what it agrees on is asked. */
  private static final class Anybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
