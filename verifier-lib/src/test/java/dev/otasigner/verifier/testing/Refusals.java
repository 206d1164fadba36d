package dev.otasigner.verifier.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Asserts that something is refused, and why. */
public final class Refusals {
  private Refusals() {}

  /** Runs {@code call}, which must be refused for this reason, and returns the refusal. */
  public static RejectedException assertRefused(Reason reason, ThrowingCallable call) {
    Throwable thrown = catchThrowable(call);
    assertThat(thrown).as("expected %s", reason).isInstanceOf(RejectedException.class);
    RejectedException refusal = (RejectedException) thrown;
    assertThat(refusal.reason()).as(refusal.getMessage()).isEqualTo(reason);
    assertThat(refusal.getMessage()).isNotBlank();
    return refusal;
  }
}
