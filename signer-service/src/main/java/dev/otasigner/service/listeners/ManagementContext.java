package dev.otasigner.service.listeners;

import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import org.apache.tomcat.util.net.SSLContext;
import org.jspecify.annotations.Nullable;

/** The management port's TLS context, whose handshakes are counted. */
final class ManagementContext implements SSLContext {
  private final javax.net.ssl.SSLContext context;
  private final Handshakes handshakes;

  ManagementContext(javax.net.ssl.SSLContext context, Handshakes handshakes) {
    this.context = context;
    this.handshakes = handshakes;
  }

  @Override
  public void init(
      KeyManager @Nullable [] kms, TrustManager @Nullable [] tms, @Nullable SecureRandom random) {
    // It was made with its own.
  }

  @Override
  public void destroy() {
    // Nothing outside the heap.
  }

  @Override
  public SSLSessionContext getServerSessionContext() {
    return context.getServerSessionContext();
  }

  @Override
  public SSLEngine createSSLEngine() {
    return handshakes.counted(
        Handshakes.MANAGEMENT, context.createSSLEngine(), CountedEngine.Demands.NONE);
  }

  @Override
  public SSLServerSocketFactory getServerSocketFactory() {
    return context.getServerSocketFactory();
  }

  @Override
  public SSLParameters getSupportedSSLParameters() {
    return context.getSupportedSSLParameters();
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    return null;
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
