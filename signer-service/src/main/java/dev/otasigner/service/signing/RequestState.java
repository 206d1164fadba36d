package dev.otasigner.service.signing;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Where a request stands; each constant is one durable transition of the signing cycle. */
public enum RequestState {
  RECEIVED,
  JUDGED,
  AWAITING_APPROVAL,
  APPROVED,
  INTENT_DURABLE,
  SIGNED,
  ACCEPTED,
  READY,
  /** By policy, before any key was touched. */
  REFUSED,
  /** By the token, or by the device's own code after signing; nothing is released. */
  FAILED;

  /** The name on the wire: {@code intent-durable}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /**
   * The state of this name.
   *
   * @throws SignerException BAD_REQUEST when there is none
   */
  static RequestState asked(String code) {
    return Arrays.stream(values())
        .filter(state -> state.code().equals(code))
        .findFirst()
        .orElseThrow(
            () ->
                new SignerException(
                    ProblemType.BAD_REQUEST,
                    "state: one of "
                        + Arrays.stream(values())
                            .map(RequestState::code)
                            .collect(Collectors.joining(", "))
                        + " is expected"));
  }

  /** Whether the request has come to its end. */
  public boolean isFinal() {
    return switch (this) {
      case READY, REFUSED, FAILED -> true;
      case RECEIVED, JUDGED, AWAITING_APPROVAL, APPROVED, INTENT_DURABLE, SIGNED, ACCEPTED -> false;
    };
  }

  /** Whether the cycle has an edge from this state to {@code next}. */
  boolean leadsTo(RequestState next) {
    return switch (this) {
      case RECEIVED -> next == JUDGED || next == REFUSED;
      case JUDGED -> next == AWAITING_APPROVAL || next == APPROVED;
      case AWAITING_APPROVAL -> next == APPROVED || next == FAILED;
      // An attempt that finds approvals missing after all goes back to wait for them.
      case APPROVED -> next == INTENT_DURABLE || next == AWAITING_APPROVAL;
      // A crash before the result was durable: the attempt is closed and another one begins.
      case INTENT_DURABLE ->
          next == SIGNED || next == FAILED || next == INTENT_DURABLE || next == AWAITING_APPROVAL;
      case SIGNED -> next == ACCEPTED || next == FAILED;
      case ACCEPTED -> next == READY || next == FAILED;
      case READY, REFUSED, FAILED -> false;
    };
  }
}
