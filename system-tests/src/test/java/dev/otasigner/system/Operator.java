package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A person at the command line, in a directory of its own. */
record Operator(Path directory) {

  /** What a command left behind. */
  record Answer(int status, String out, String err) {
    Answer requireDone() {
      assertThat(status).as("%s%s", out, err).isZero();
      return this;
    }

    Fields json() throws RejectedException {
      return JsonReader.readObject(out.getBytes(StandardCharsets.UTF_8), 4 << 20);
    }
  }

  static Operator in(Path directory) throws IOException {
    return new Operator(Files.createDirectories(directory));
  }

  /** Signs in for the first time: the one-time password is changed at once. */
  void signIn(ServiceProcess service, String user, String oneTime) throws IOException {
    Files.writeString(directory.resolve("one-time"), oneTime + "\n");
    Files.writeString(directory.resolve("password"), oneTime + ", changed\n");
    run(
            "login",
            "--service",
            service.address(),
            "--user",
            user,
            "--password-file",
            "one-time",
            "--new-password-file",
            "password")
        .requireDone();
  }

  Answer run(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            directory,
            Map.of("SIGNER_HOME", directory.resolve("home").toString()),
            question -> null);
    int status = CommandLines.run(terminal, arguments);
    return new Answer(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
