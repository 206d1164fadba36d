package dev.otasigner.service.keyring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.soft.Passphrase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenSecretsTests {
  private static final String LONG = "correct horse battery";

  @TempDir Path directory;
  private final Deque<String> answers = new ArrayDeque<>();
  private final List<String> questions = new ArrayList<>();

  private char[] answer(String question) throws IOException {
    questions.add(question);
    String answer = answers.poll();
    if (answer == null) {
      throw new IOException("there is no terminal to ask at for the " + question);
    }
    return answer.toCharArray();
  }

  private TokenSecrets prompting(String... typed) {
    answers.addAll(List.of(typed));
    return new TokenSecrets("", "", true, true, this::answer);
  }

  private Path generated() {
    return directory.resolve("token.passphrase");
  }

  @Test
  void whoMakesATokenIsAskedTwiceAndWhoOpensItOnce() throws Exception {
    TokenSecrets secrets = prompting(LONG, LONG, LONG);
    try (Passphrase made = secrets.passphrase(generated(), true);
        Passphrase opened = secrets.passphrase(generated(), false)) {
      assertThat(made.characters()).isEqualTo(opened.characters()).isEqualTo(LONG.toCharArray());
    }
    assertThat(questions).hasSize(3);
    assertThat(secrets.areGenerated()).isFalse();
    assertThat(generated()).doesNotExist();
  }

  @Test
  void twoDifferentAnswersMakeNoToken() {
    TokenSecrets secrets = prompting(LONG, LONG + "r");
    assertThatThrownBy(() -> secrets.passphrase(generated(), true))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("differ")
        .hasMessageNotContaining(LONG);
  }

  @Test
  void aShortAnswerMakesNoToken() {
    TokenSecrets secrets = prompting("elevenchars", "elevenchars");
    assertThatThrownBy(() -> secrets.passphrase(generated(), true))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("12 characters");
  }

  @Test
  void withNobodyToAskTheErrorSaysWhatToDo() {
    assertThatThrownBy(() -> prompting().passphrase(generated(), false))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("terminal")
        .hasMessageContaining("file");
  }

  @Test
  void thePinIsAskedForOnlyWhereThatIsSaid() {
    assertThat(new TokenSecrets("", "", false, false, this::answer).pin()).isEmpty();
    assertThat(questions).isEmpty();
    assertThat(prompting("2468").pin())
        .hasValueSatisfying(pin -> assertThat(pin.characters()).isEqualTo("2468".toCharArray()));
  }

  @Test
  void twoPlacesForOnePassphraseAreRefused() {
    assertThatThrownBy(() -> new TokenSecrets("file", "", true, false, this::answer))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("two places");
    assertThatThrownBy(() -> new TokenSecrets("file", "VARIABLE", false, false, this::answer))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("two places");
  }

  @Test
  void withoutAnyTheServiceMakesOneAndFindsItAgain() throws Exception {
    TokenSecrets secrets = new TokenSecrets("", "", false, false, this::answer);
    try (Passphrase made = secrets.passphrase(generated(), true);
        Passphrase found = secrets.passphrase(generated(), false)) {
      assertThat(made.characters()).isEqualTo(found.characters()).hasSizeGreaterThan(40);
    }
    assertThat(secrets.areGenerated()).isTrue();
  }

  @Test
  void aFileThatIsNamedIsReadAndNoneIsMade() throws Exception {
    Path file = directory.resolve("named");
    DurableFile.replace(file, (LONG + "\n").getBytes(StandardCharsets.UTF_8));
    TokenSecrets secrets = new TokenSecrets(file.toString(), "", false, false, this::answer);
    try (Passphrase read = secrets.passphrase(generated(), true)) {
      assertThat(read.characters()).isEqualTo(LONG.toCharArray());
    }
    assertThat(generated()).doesNotExist();
  }
}
