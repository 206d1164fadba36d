package dev.otasigner.device.adversary;

import dev.otasigner.verifier.Reason;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * One way to lie to a device.
 *
 * @param name a short word, such as {@code rolled-back}
 * @param refusals with one of these the device has to refuse; with none, all that it can say is
 *     that it has not reached its service
 */
public record Attack(String name, Set<Reason> refusals, Lie lie) {
  /** What is answered in place of the truth. */
  @FunctionalInterface
  public interface Lie {
    /**
     * The answer to this question.
     *
     * @return nothing for the truth
     */
    Optional<Answer> answer(Asked asked) throws IOException;
  }

  public Attack {
    refusals = Set.copyOf(refusals);
  }

  @Override
  public String toString() {
    return name;
  }
}
