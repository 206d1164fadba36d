package dev.otasigner.service.signing;

import dev.otasigner.verifier.json.Json;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;

/** One attempt to sign a request: begun before the token is called, closed after. */
@Entity
@Table(name = "signing_attempt")
class SigningAttempt {

  /** How an attempt ended. */
  enum Outcome {
    BEGUN,
    SIGNED,
    FAILED,
    /** The service was stopped in the middle; whatever was signed is not released. */
    INTERRUPTED
  }

  @Embeddable
  record Key(UUID request, int number) {}

  @EmbeddedId private Key key;
  private Instant begun;

  @Enumerated(EnumType.STRING)
  private Outcome outcome;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected SigningAttempt() {}

  SigningAttempt(UUID request, int number, Instant begun) {
    this.key = new Key(request, number);
    this.begun = begun;
    this.outcome = Outcome.BEGUN;
  }

  void close(Outcome how) {
    outcome = how;
  }

  Json.Obj toJson() {
    return Json.object()
        .put("number", key.number())
        .put("begun", begun)
        .put("outcome", outcome.name().toLowerCase(Locale.ROOT))
        .build();
  }

  int number() {
    return key.number();
  }

  /** Whether the service stopped in its middle, now or then. */
  boolean wasInterrupted() {
    return outcome == Outcome.INTERRUPTED || outcome == Outcome.BEGUN;
  }

  Outcome outcome() {
    return outcome;
  }
}
