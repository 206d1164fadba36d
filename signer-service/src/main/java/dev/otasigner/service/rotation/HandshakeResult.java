package dev.otasigner.service.rotation;

import dev.otasigner.service.listeners.HandshakeTrial.Outcome;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Json;
import java.time.Duration;
import java.time.Instant;

/**
 * What came of a handshake with one address, as devices with a profile begin it.
 *
 * @param expected whether an open listener is to be there, by what it is configured to speak
 */
record HandshakeResult(Address address, Instant tried, boolean expected, Outcome outcome) {
  /** After this it says little about today. */
  static final Duration FRESH = Duration.ofDays(2);

  /**
   * Where devices with a profile dial.
   *
   * @param host as the profile names it
   * @param port as the profile names it
   */
  record Address(String product, Digest profile, String host, int port) {
    String text() {
      return host + ":" + port;
    }
  }

  /** A device is to get through, and would not. */
  boolean isAlarm() {
    return expected && !outcome.reached();
  }

  boolean isOld(Instant now) {
    return tried.plus(FRESH).isBefore(now);
  }

  /** One sentence for people. */
  String text(Instant now) {
    return "a handshake with "
        + address.text()
        + " at "
        + tried
        + (isOld(now) ? ", more than " + FRESH.toHours() + " hours ago," : "")
        + (outcome.reached() ? " succeeded" : " failed (" + outcome.reason() + "): ")
        + (outcome.reached() ? "" : outcome.detail());
  }

  Json.Obj toJson(Instant now) {
    return Json.object()
        .put("profile", address.profile())
        .put("host", address.host())
        .put("port", address.port())
        .put("tried", tried)
        .put("old", isOld(now))
        .put("expected", expected)
        .put("reached", outcome.reached())
        .put("reason", outcome.reason())
        .put("detail", outcome.detail())
        .build();
  }
}
