package dev.otasigner.cli.ceremony;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Holders with key files, one terminal, and no service anywhere. */
final class CeremonyRoom {
  final Path directory;
  String out = "";
  String err = "";

  CeremonyRoom(Path directory) {
    this.directory = directory;
    for (String name : List.of("anna", "ben", "carol", "dora", "service")) {
      String type = name.equals("carol") ? "rsa-2048" : "ecdsa-p256";
      done("keygen", "-t", type, "-o", name + ".pem");
    }
  }

  int run(@Nullable String answer, String... arguments) {
    ByteArrayOutputStream standard = new ByteArrayOutputStream();
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(standard, true, StandardCharsets.UTF_8),
            new PrintStream(error, true, StandardCharsets.UTF_8),
            directory,
            Map.of("SIGNER_SERVICE", "http://127.0.0.1:1"),
            question -> answer == null ? null : answer.toCharArray());
    int code = CommandLines.run(terminal, arguments);
    out = standard.toString(StandardCharsets.UTF_8);
    err = error.toString(StandardCharsets.UTF_8);
    return code;
  }

  void done(String... arguments) {
    assertThat(run(null, arguments)).as(() -> out + err).isZero();
  }

  void refused(String why, String... arguments) {
    assertThat(run("yes", arguments)).as(() -> out + err).isEqualTo(1);
    assertThat(err).contains(why);
  }

  String pem(String name, String indent) {
    try {
      String key = Files.readString(directory.resolve(name + ".pub.pem")).strip();
      return "|\n" + indent + key.replace("\n", "\n" + indent) + "\n";
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A plan by which so many of these sign. */
  String plan(int threshold, String... holders) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    StringBuilder plan = new StringBuilder("schema: 1\nproduct: pump\nlineage: main\n");
    plan.append("signBy: ").append(now.plus(Duration.ofDays(7))).append('\n');
    plan.append("expires: ").append(now.plus(Duration.ofDays(700))).append('\n');
    plan.append("holders:\n");
    for (String holder : holders) {
      plan.append("  ").append(holder).append(": ").append(pem(holder, "    "));
    }
    String names = "[" + String.join(", ", holders) + "]";
    for (String role : List.of("root", "targets")) {
      plan.append(role).append(": {threshold: ").append(threshold);
      plan.append(", holders: ").append(names).append("}\n");
    }
    plan.append("online:\n  snapshot:\n    - ").append(pem("service", "      "));
    return plan.append("  timestamp:\n    - ").append(pem("service", "      ")).toString();
  }

  void write(String file, String text) {
    try {
      Files.writeString(directory.resolve(file), text);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  String read(String file) {
    try {
      return Files.readString(directory.resolve(file));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  void sign(String draft, String holder) {
    done("root", "sign", draft, "--key", holder + ".pem", "--yes");
  }

  /** A first root that Anna and Ben of three have signed. */
  void first() {
    write("plan.yaml", plan(2, "anna", "ben", "carol"));
    done("root", "init", "plan.yaml", "-o", "root.json");
    sign("root.json", "anna");
    sign("root.json", "ben");
  }
}
