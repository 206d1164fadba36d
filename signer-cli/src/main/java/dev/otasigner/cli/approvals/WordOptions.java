package dev.otasigner.cli.approvals;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.keyring.PassphraseOptions;
import dev.otasigner.cli.local.LocalEnvelope;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.verifier.Bytes;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Whose word it is, for how long, and the key that signs it. */
final class WordOptions {
  private static final Pattern SPAN = Pattern.compile("([1-9]\\d{0,4})([mhd])");
  private static final int MAX_TEXT = 1000;

  @Option(
      names = "--key",
      required = true,
      paramLabel = "FILE|URI",
      description = "Your private key (PEM), or pkcs11:token=T;object=KEY?module-path=/M.so.")
  private String key = "";

  @Option(
      names = "--as",
      required = true,
      paramLabel = "PERSON",
      description = "You, as the worker's file names you beside that key.")
  private String person = "";

  @Option(
      names = "--valid",
      defaultValue = "24h",
      paramLabel = "SPAN",
      description = "Your word lapses after it, such as 90m, 24h or 7d (24h).")
  private String valid = "";

  @Option(names = "--reason", paramLabel = "TEXT", description = "Signed with it.")
  private @Nullable String reason;

  @Option(names = "--yes", description = "Do not ask; for a program that has looked itself.")
  private boolean yes;

  @Mixin private PassphraseOptions passphrase = new PassphraseOptions();

  /** What would be found wrong only after a long look at the request. */
  void requireSound(Cli cli) {
    passphrase.requireOneSource();
    span();
    requireText("--as", person);
    if (reason != null) {
      requireText("--reason", reason);
    }
    if (cli.report().json() && !yes) {
      throw CommandFailedException.usage("--json shows nothing to look at, and goes with --yes");
    }
  }

  private static void requireText(String option, String text) {
    if (text.isBlank() || text.length() > MAX_TEXT) {
      throw CommandFailedException.usage(
          option + ": 1 to " + MAX_TEXT + " characters are expected");
    }
  }

  private Duration span() {
    Matcher span = SPAN.matcher(valid);
    if (!span.matches()) {
      throw CommandFailedException.usage("--valid " + valid + ": such as 90m, 24h or 7d");
    }
    long count = Long.parseLong(span.group(1));
    return switch (span.group(2)) {
      case "m" -> Duration.ofMinutes(count);
      case "h" -> Duration.ofHours(count);
      default -> Duration.ofDays(count);
    };
  }

  /** Returns only when a person says yes, or the command line did. */
  void confirm(Cli cli, String question) {
    if (yes) {
      return;
    }
    String answer = cli.terminal().prompt().ask(question);
    if (answer == null) {
      throw CommandFailedException.usage("no terminal to ask for your yes")
          .hint("look at what will be signed first; a program that has gives --yes");
    }
    if (!answer.strip().equals("yes")) {
      throw StatedRequest.refused("not confirmed; nothing was signed");
    }
  }

  /** When the word lapses: not later than any approval of this request may. */
  Instant notAfter(StatedRequest request, Instant now) {
    Instant wanted = now.truncatedTo(ChronoUnit.SECONDS).plus(span());
    Instant latest =
        request
            .document()
            .created()
            .orElseThrow(() -> StatedRequest.refused("the request does not say when it was made"))
            .plus(Approval.LONGEST);
    if (!now.isBefore(latest)) {
      throw StatedRequest.refused("the request is too old: nobody can approve it since " + latest);
    }
    return wanted.isBefore(latest) ? wanted : latest;
  }

  /** The envelope, in JSON. The key is not touched before. */
  Bytes sign(Cli cli, StatedRequest request, Decision decision, Instant notAfter)
      throws IOException {
    byte[] nonce = new byte[Approval.NONCE_BYTES];
    new SecureRandom().nextBytes(nonce);
    Approval word =
        new Approval(
            request.document().digest(),
            request.document().policy(),
            request.document().requester(),
            person,
            decision,
            notAfter,
            Bytes.copyOf(nonce),
            Optional.ofNullable(reason));
    return Bytes.copyOf(
        LocalEnvelope.sign(
                cli.terminal(),
                key,
                () -> passphrase.passphrase(cli.terminal(), "passphrase of " + key + ": "),
                Approval.PAYLOAD_TYPE,
                Bytes.copyOf(word.toJson().textBytes()))
            .toBytes());
  }
}
