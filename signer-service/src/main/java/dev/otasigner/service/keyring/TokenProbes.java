package dev.otasigner.service.keyring;

import dev.otasigner.service.problem.SignerException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Whether tokens sign, for askers whom nobody knows: each probe is a signature, so that a token
 * makes one at a time and its answer holds for a while, however many ask.
 */
@Component
class TokenProbes {
  static final Duration HOLDS = Duration.ofSeconds(1);

  private final Consumer<TokenName> probe;
  private final LongSupplier nanos;
  private final Map<TokenName, Last> tokens = new ConcurrentHashMap<>();

  @Autowired
  TokenProbes(Keyring keyring) {
    this(keyring::probe, System::nanoTime);
  }

  /**
   * Asks by way of this probe.
   *
   * @param probe throws a {@link SignerException} for a token that does not sign
   * @param nanos a clock that nobody sets
   */
  TokenProbes(Consumer<TokenName> probe, LongSupplier nanos) {
    this.probe = probe;
    this.nanos = nanos;
  }

  private record Answer(long at, Optional<SignerException> refusal) {}

  /** What one token last said. */
  private final class Last {
    private @Nullable Answer answer;

    synchronized Optional<SignerException> refusal(TokenName token) {
      Answer known = answer;
      if (known != null && nanos.getAsLong() - known.at() < HOLDS.toNanos()) {
        return known.refusal();
      }
      Optional<SignerException> refusal = Optional.empty();
      try {
        probe.accept(token);
      } catch (SignerException e) {
        refusal = Optional.of(e);
      }
      answer = new Answer(nanos.getAsLong(), refusal);
      return refusal;
    }
  }

  /** Why the token did not sign when it was last asked, at most {@link #HOLDS} ago. */
  Optional<SignerException> refusal(TokenName token) {
    return tokens.computeIfAbsent(token, name -> new Last()).refusal(token);
  }
}
