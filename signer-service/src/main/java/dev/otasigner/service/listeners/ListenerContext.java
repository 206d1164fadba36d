package dev.otasigner.service.listeners;

import java.security.GeneralSecurityException;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManager;
import org.apache.tomcat.util.net.SSLContext;
import org.jspecify.annotations.Nullable;

/** A listener's TLS context as Tomcat asks for it, with key and trust of our own. */
final class ListenerContext implements SSLContext {
  private final javax.net.ssl.SSLContext context;
  private final ServerLeaf leaf;
  private final DeviceTrust trust;
  private final ListenerSpec spec;
  private final Handshakes handshakes;
  private final CountedEngine.Demands demands;

  ListenerContext(
      ServerLeaf leaf,
      DeviceTrust trust,
      ListenerSpec spec,
      SessionLimits sessions,
      Handshakes handshakes) {
    this.leaf = leaf;
    this.trust = trust;
    this.spec = spec;
    this.handshakes = handshakes;
    this.demands =
        isHybrid()
            ? HybridEngine.demands(spec.tls())
            : new CountedEngine.Demands(Set.copyOf(spec.tls().groups()), engine -> {});
    try {
      this.context =
          isHybrid() ? HybridEngine.context() : javax.net.ssl.SSLContext.getInstance("TLS");
      context.init(new KeyManager[] {leaf}, new TrustManager[] {trust}, new SecureRandom());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no TLS", e);
    }
    sessions.limit(context.getServerSessionContext());
  }

  private boolean isHybrid() {
    return HybridEngine.isWanted(spec.tls());
  }

  @Override
  public void init(
      KeyManager @Nullable [] kms, TrustManager @Nullable [] tms, @Nullable SecureRandom random)
      throws KeyManagementException {
    // Tomcat offers managers made from files; ours were given above.
  }

  @Override
  public void destroy() {
    // Nothing outside the heap.
  }

  @Override
  public SSLSessionContext getServerSessionContext() {
    return context.getServerSessionContext();
  }

  /** Tomcat sets protocols and suites afterwards, and leaves constraints as they are. */
  @Override
  public SSLEngine createSSLEngine() {
    SSLEngine engine = context.createSSLEngine();
    List<String> groups = spec.tls().groups();
    if (!groups.isEmpty() && !isHybrid()) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setAlgorithmConstraints(new GroupConstraints(groups));
      engine.setSSLParameters(parameters);
    }
    return handshakes.counted(spec.name(), engine, demands);
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
    return leaf.getCertificateChain(alias);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return trust.getAcceptedIssuers();
  }
}
