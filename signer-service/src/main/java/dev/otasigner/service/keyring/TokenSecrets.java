package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.service.SecretPrompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * What opens the tokens: from a file, an environment variable, or whoever starts the service; never
 * from a command line. Where the software token is told none of them, a random passphrase is made
 * and kept beside the token's directory, so that a copy of that directory alone opens nothing.
 */
@Component
final class TokenSecrets {
  private static final int LEAST_CHARACTERS = 12;

  private final String file;
  private final String variable;
  private final boolean prompt;
  private final boolean pinPrompt;
  private final SecretPrompt person;

  TokenSecrets(
      @Value("${signer.token.passphrase-file:}") String file,
      @Value("${signer.token.passphrase-env:}") String variable,
      @Value("${signer.token.passphrase-prompt:false}") boolean prompt,
      @Value("${signer.hsm.pin-prompt:false}") boolean pinPrompt,
      SecretPrompt person) {
    if (Stream.of(!file.isEmpty(), !variable.isEmpty(), prompt).filter(set -> set).count() > 1) {
      throw new TokenUnavailable(
          "the passphrase of the token is to come from two places: set one of"
              + " signer.token.passphrase-file, -env and -prompt");
    }
    this.file = file;
    this.variable = variable;
    this.prompt = prompt;
    this.pinPrompt = pinPrompt;
    this.person = person;
  }

  /** Whether the software token's passphrase is one that the service makes for itself. */
  boolean areGenerated() {
    return file.isEmpty() && variable.isEmpty() && !prompt;
  }

  /** The environment variable that holds the passphrase, or empty: no business of a child's. */
  String variable() {
    return variable;
  }

  /**
   * The software token's passphrase.
   *
   * @param generated where a passphrase of the service's own lies, or will lie
   * @param isNew whether the token is about to be made: then a person is asked twice
   * @throws IOException when a file or variable holds none
   * @throws TokenUnavailable when there is nobody to ask, or the answers are no passphrase
   */
  Passphrase passphrase(Path generated, boolean isNew) throws IOException {
    if (prompt) {
      return isNew ? chosen() : asked("passphrase of the token");
    }
    if (!variable.isEmpty()) {
      return Passphrase.ofEnvironment(System.getenv(), variable);
    }
    if (file.isEmpty() && !Files.exists(generated)) {
      Passphrase.generateFile(generated);
    }
    return Passphrase.ofFile(file.isEmpty() ? generated : Path.of(file));
  }

  /** The PIN of the token behind PKCS#11, where a person is to be asked for it. */
  Optional<Passphrase> pin() {
    return pinPrompt ? Optional.of(asked("PIN of the token hsm")) : Optional.empty();
  }

  private Passphrase chosen() {
    char[] first = typed("new passphrase of the token");
    char[] second = typed("the same once more");
    boolean same = Arrays.equals(first, second);
    Arrays.fill(second, '\0');
    if (!same || first.length < LEAST_CHARACTERS) {
      Arrays.fill(first, '\0');
      throw new TokenUnavailable(
          same
              ? "a passphrase of at least " + LEAST_CHARACTERS + " characters is expected"
              : "the two passphrases differ; nothing was made");
    }
    return Passphrase.ofPrompt(first);
  }

  private Passphrase asked(String question) {
    return Passphrase.ofPrompt(typed(question));
  }

  private char[] typed(String question) {
    try {
      return person.ask(question);
    } catch (IOException e) {
      throw new TokenUnavailable(
          e.getMessage() + ": start the service from a terminal, or name a file that holds it", e);
    }
  }
}
