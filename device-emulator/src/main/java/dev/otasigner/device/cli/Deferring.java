package dev.otasigner.device.cli;

import dev.otasigner.device.Application;
import dev.otasigner.device.agent.Consent;
import dev.otasigner.verifier.ImageVersion;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** An application that says what it is told, and wants upgrades when the command line says so. */
final class Deferring implements Application {
  private static final String NEVER = "never";
  private static final String UNTIL_NEXT_BOOT = "until-next-boot";

  private final Wish wish;
  private final BiConsumer<String, String> say;
  private @Nullable ImageVersion waited;

  /**
   * How long upgrades wait.
   *
   * @param answer to the first offer of a version
   */
  record Wish(Consent.Answer answer) {
    /** One of {@code never}, {@code until-next-boot} and a duration such as {@code PT1H}. */
    static Wish of(String text) {
      if (text.equals(NEVER)) {
        return new Wish(new Consent.Take());
      }
      if (text.equals(UNTIL_NEXT_BOOT)) {
        return new Wish(Consent.Defer.untilNextBoot());
      }
      try {
        return new Wish(Consent.Defer.by(Duration.parse(text)));
      } catch (DateTimeParseException | ArithmeticException e) {
        throw new IllegalArgumentException(
            NEVER
                + ", "
                + UNTIL_NEXT_BOOT
                + " or a duration such as PT1H is expected, not '"
                + text
                + "'",
            e);
      }
    }
  }

  Deferring(Wish wish, BiConsumer<String, String> say) {
    this.wish = wish;
    this.say = say;
  }

  @Override
  public void started(ImageVersion version) {
    waited = null;
  }

  @Override
  public Consent.Answer offered(ImageVersion version) {
    // What it has waited for once, it does not wait for again.
    Consent.Answer answer = version.equals(waited) ? new Consent.Take() : wish.answer();
    waited = version;
    say.accept(
        "offer",
        version + (answer instanceof Consent.Take ? ": the application takes it" : ": later"));
    return answer;
  }

  @Override
  public void stopped() {
    say.accept("stop", "the application");
  }
}
