package dev.otasigner.service.listeners;

import dev.otasigner.service.listeners.Handshakes.Result;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/**
 * The engine of one connection, which tells once how the handshake ended, reads the group that was
 * agreed on, and ends a handshake in a group that its listener does not speak.
 */
final class CountedEngine extends SSLEngine {
  /** Under this name a session holds the group; absent when it was resumed without one. */
  static final String GROUP = "dev.otasigner.group";

  /** RFC 8446 6.2, fatal handshake_failure, before anything is encrypted. */
  private static final byte[] HANDSHAKE_FAILURE = {21, 3, 3, 0, 2, 2, 40};

  private final SSLEngine engine;
  private final Demands demands;
  private final Consumer<Result> told;
  private final NegotiatedGroup group = new NegotiatedGroup();
  private final AtomicBoolean ended = new AtomicBoolean();
  private boolean refused;
  private boolean refusalSent;

  /**
   * What a listener demands beyond what Tomcat sets.
   *
   * @param groups that may be agreed on; empty for all
   * @param settings of the engine that Tomcat overwrites, and are made again after it
   */
  record Demands(Set<String> groups, Consumer<SSLEngine> settings) {
    static final Demands NONE = new Demands(Set.of(), engine -> {});

    Demands {
      groups = Set.copyOf(groups);
    }
  }

  CountedEngine(SSLEngine engine, Demands demands, Consumer<Result> told) {
    super(engine.getPeerHost(), engine.getPeerPort());
    this.engine = engine;
    this.demands = demands;
    this.told = told;
  }

  /** A step that moves bytes. */
  private interface Step {
    SSLEngineResult take() throws SSLException;
  }

  private SSLEngineResult watched(Step step) throws SSLException {
    try {
      SSLEngineResult result = step.take();
      if (result.getHandshakeStatus() == SSLEngineResult.HandshakeStatus.FINISHED) {
        group.end();
        group.name().ifPresent(name -> engine.getSession().putValue(GROUP, name));
        ends(Result.DONE);
      }
      return result;
    } catch (SSLException e) {
      ends(Result.FAILED);
      throw e;
    }
  }

  private void ends(Result result) {
    if (ended.compareAndSet(false, true)) {
      told.accept(result);
    }
  }

  @Override
  public SSLEngineResult wrap(ByteBuffer[] from, int offset, int length, ByteBuffer to)
      throws SSLException {
    if (refused) {
      return refusal(to);
    }
    return watched(
        () -> {
          int begin = to.position();
          SSLEngineResult result = engine.wrap(from, offset, length, to);
          if (!group.isOver()) {
            read(to, begin);
          }
          return result;
        });
  }

  /** Reads what was just written; it is taken back when the listener does not speak the group. */
  private void read(ByteBuffer to, int begin) throws SSLException {
    ByteBuffer sent = to.duplicate();
    sent.flip();
    sent.position(begin);
    group.sent(sent);
    String name = group.name().orElse("");
    if (!name.isEmpty() && !demands.groups.isEmpty() && !demands.groups.contains(name)) {
      to.position(begin);
      refused = true;
      throw new SSLHandshakeException("keys would be agreed in " + name);
    }
  }

  /** Whoever drives an engine that has thrown asks once more what is to be said to the other. */
  private SSLEngineResult refusal(ByteBuffer to) {
    int length = refusalSent ? 0 : HANDSHAKE_FAILURE.length;
    to.put(HANDSHAKE_FAILURE, 0, length);
    refusalSent = true;
    return new SSLEngineResult(
        SSLEngineResult.Status.CLOSED, SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING, 0, length);
  }

  @Override
  public SSLEngineResult unwrap(ByteBuffer from, ByteBuffer[] to, int offset, int length)
      throws SSLException {
    return watched(() -> engine.unwrap(from, to, offset, length));
  }

  @Override
  public void closeInbound() throws SSLException {
    ends(Result.BROKEN_OFF);
    engine.closeInbound();
  }

  @Override
  public void closeOutbound() {
    ends(Result.BROKEN_OFF);
    engine.closeOutbound();
  }

  @Override
  public @Nullable Runnable getDelegatedTask() {
    return engine.getDelegatedTask();
  }

  @Override
  public boolean isInboundDone() {
    return engine.isInboundDone();
  }

  @Override
  public boolean isOutboundDone() {
    return refusalSent || engine.isOutboundDone();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return engine.getSupportedCipherSuites();
  }

  @Override
  public String[] getEnabledCipherSuites() {
    return engine.getEnabledCipherSuites();
  }

  @Override
  public void setEnabledCipherSuites(String[] suites) {
    engine.setEnabledCipherSuites(suites);
    demands.settings.accept(engine);
  }

  @Override
  public String[] getSupportedProtocols() {
    return engine.getSupportedProtocols();
  }

  @Override
  public String[] getEnabledProtocols() {
    return engine.getEnabledProtocols();
  }

  @Override
  public void setEnabledProtocols(String[] protocols) {
    engine.setEnabledProtocols(protocols);
  }

  @Override
  public SSLSession getSession() {
    return engine.getSession();
  }

  @Override
  public @Nullable SSLSession getHandshakeSession() {
    return engine.getHandshakeSession();
  }

  @Override
  public void beginHandshake() throws SSLException {
    engine.beginHandshake();
  }

  @Override
  public SSLEngineResult.HandshakeStatus getHandshakeStatus() {
    return engine.getHandshakeStatus();
  }

  @Override
  public void setUseClientMode(boolean mode) {
    engine.setUseClientMode(mode);
  }

  @Override
  public boolean getUseClientMode() {
    return engine.getUseClientMode();
  }

  @Override
  public void setNeedClientAuth(boolean need) {
    engine.setNeedClientAuth(need);
  }

  @Override
  public boolean getNeedClientAuth() {
    return engine.getNeedClientAuth();
  }

  @Override
  public void setWantClientAuth(boolean want) {
    engine.setWantClientAuth(want);
  }

  @Override
  public boolean getWantClientAuth() {
    return engine.getWantClientAuth();
  }

  @Override
  public void setEnableSessionCreation(boolean flag) {
    engine.setEnableSessionCreation(flag);
  }

  @Override
  public boolean getEnableSessionCreation() {
    return engine.getEnableSessionCreation();
  }

  @Override
  public SSLParameters getSSLParameters() {
    return engine.getSSLParameters();
  }

  @Override
  public void setSSLParameters(SSLParameters parameters) {
    engine.setSSLParameters(parameters);
    demands.settings.accept(engine);
  }

  @Override
  public @Nullable String getApplicationProtocol() {
    return engine.getApplicationProtocol();
  }

  @Override
  public @Nullable String getHandshakeApplicationProtocol() {
    return engine.getHandshakeApplicationProtocol();
  }

  @Override
  public void setHandshakeApplicationProtocolSelector(
      BiFunction<SSLEngine, List<String>, String> selector) {
    engine.setHandshakeApplicationProtocolSelector(selector);
  }

  @Override
  public BiFunction<SSLEngine, List<String>, String> getHandshakeApplicationProtocolSelector() {
    return engine.getHandshakeApplicationProtocolSelector();
  }
}
