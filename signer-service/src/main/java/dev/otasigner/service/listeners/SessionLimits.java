package dev.otasigner.service.listeners;

import javax.net.ssl.SSLSessionContext;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * For how long a device may come back without a full handshake, and how many sessions a listener
 * holds at most. A session says who the device was: whoever serves a request looks again whether it
 * still is.
 *
 * @param seconds from the full handshake on
 * @param most sessions that a listener keeps in memory
 */
@Component
record SessionLimits(
    @Value("${signer.listeners.session-seconds}") int seconds,
    @Value("${signer.listeners.sessions}") int most) {
  SessionLimits {
    if (seconds < 1 || most < 1) {
      throw new IllegalArgumentException(
          "signer.listeners.session-seconds and signer.listeners.sessions: 1 or more is expected");
    }
  }

  void limit(SSLSessionContext context) {
    context.setSessionTimeout(seconds);
    context.setSessionCacheSize(most);
  }
}
