package dev.otasigner.service.listeners;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What a listener asks of who dials in. */
public enum ListenerKind {
  /** A device certificate; serves check-in, renewal and the catalogue. */
  DEVICE,
  /** Nothing but TLS; serves enrolment and what a factory installs. */
  ENROL;

  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<ListenerKind> ofCode(String code) {
    return Arrays.stream(values()).filter(kind -> kind.code().equals(code)).findFirst();
  }
}
