package dev.otasigner.service.listeners;

import jakarta.servlet.ServletRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.apache.tomcat.util.net.SSLSupport;
import org.apache.tomcat.util.net.jsse.JSSEImplementation;
import org.apache.tomcat.util.net.jsse.JSSESupport;
import org.jspecify.annotations.Nullable;

/**
 * Hands requests what their connection has agreed on. Tomcat has no attribute for the group: the
 * one for what the client asked for, which it never sets, carries it. Tomcat makes an instance by
 * the class's name.
 */
public final class TlsFacts extends JSSEImplementation {

  /**
   * What the connection of a request has agreed on.
   *
   * @param group empty when a session was resumed that agrees on none
   */
  public record Agreed(String protocol, Optional<String> group) {}

  /** Of a request's connection; empty without TLS. */
  public static Optional<Agreed> of(ServletRequest request) {
    return request.getAttribute(SSLSupport.SECURE_PROTOCOL_KEY) instanceof String protocol
        ? Optional.of(
            new Agreed(
                protocol,
                Optional.ofNullable(
                    request.getAttribute(SSLSupport.REQUESTED_CIPHERS_KEY) instanceof String group
                        ? group
                        : null)))
        : Optional.empty();
  }

  @Override
  public SSLSupport getSSLSupport(
      SSLSession session, @Nullable Map<String, List<String>> attributes) {
    return new WithGroup(session, attributes);
  }

  private static final class WithGroup extends JSSESupport {
    private @Nullable Object group;

    WithGroup(SSLSession session, @Nullable Map<String, List<String>> attributes) {
      super(session, attributes);
      group = session.getValue(CountedEngine.GROUP);
    }

    @Override
    public void setSession(SSLSession session) {
      super.setSession(session);
      group = session.getValue(CountedEngine.GROUP);
    }

    @Override
    public @Nullable String getRequestedCiphers() {
      return group instanceof String name ? name : null;
    }
  }
}
