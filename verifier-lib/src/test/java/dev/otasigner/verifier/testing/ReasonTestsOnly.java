package dev.otasigner.verifier.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs the tests that the page of reasons names and no other, so that each is asked alone whether
 * it notices that a check is gone. At work only in the run of docs/reference/mutation.md, which
 * switches on JUnit's detection of extensions and sets {@code mutation.reasons}.
 */
public final class ReasonTestsOnly implements ExecutionCondition {
  private static final Pattern LISTED = Pattern.compile("`(\\w+Tests\\.\\w+)` \\|");

  private final Set<String> listed = listed(System.getProperty("mutation.reasons", ""));

  private static Set<String> listed(String page) {
    try {
      String text = page.isEmpty() ? "" : Files.readString(Path.of(page));
      return LISTED.matcher(text).results().map(m -> m.group(1)).collect(Collectors.toSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    boolean runs =
        listed.isEmpty()
            || context
                .getTestMethod()
                .map(m -> context.getRequiredTestClass().getSimpleName() + "." + m.getName())
                .map(listed::contains)
                .orElse(true);
    return runs
        ? ConditionEvaluationResult.enabled("named by the page, or a class")
        : ConditionEvaluationResult.disabled("not named by the page of reasons");
  }
}
