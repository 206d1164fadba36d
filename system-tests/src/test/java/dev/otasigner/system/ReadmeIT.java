package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every command of the README is run as written, and prints what stands below it. */
class ReadmeIT {
  private static final Pattern SESSION = Pattern.compile("```console\n(.*?)```", Pattern.DOTALL);
  private static final int TIMEOUT_SECONDS = 300;

  @TempDir Path scratch = Path.of("");

  /** A command and the lines below it; three dots stand for anything, also for several lines. */
  private record Command(String line, List<String> output) {}

  @Test
  void everyCommandPrintsWhatTheReadmeShows() throws IOException, InterruptedException {
    Path programs = Files.createDirectory(scratch.resolve("programs"));
    Path desk = Files.createDirectory(scratch.resolve("desk"));
    Programs.layOut(programs);
    Files.createSymbolicLink(desk.resolve("signer"), Repository.root().resolve("signer"));
    List<Command> commands = commands();
    assertThat(commands).hasSizeGreaterThan(6);
    for (Command command : commands) {
      boolean refuses = command.output().stream().anyMatch(l -> l.startsWith("signer: error:"));
      String printed = run(command.line(), refuses ? 1 : 0, desk, programs);
      assertThat(printed).as(command.line()).matches(pattern(command.output()));
    }
  }

  private static List<Command> commands() throws IOException {
    List<Command> commands = new ArrayList<>();
    Matcher session = SESSION.matcher(Files.readString(Repository.root().resolve("README.md")));
    while (session.find()) {
      for (String line : session.group(1).split("\n", -1)) {
        if (line.startsWith("$ ")) {
          commands.add(new Command(line.substring(2), new ArrayList<>()));
        } else if (!line.isEmpty()) {
          commands.get(commands.size() - 1).output().add(line);
        }
      }
    }
    return commands;
  }

  private static Pattern pattern(List<String> lines) {
    StringBuilder regex = new StringBuilder();
    for (String line : lines) {
      if (line.equals("...")) {
        regex.append("(?:.*\n)*");
        continue;
      }
      String before = "";
      for (String part : line.split(Pattern.quote("..."), -1)) {
        regex.append(before).append(Pattern.quote(part));
        before = ".*";
      }
      regex.append("\n");
    }
    return Pattern.compile(regex.toString());
  }

  private static String run(String line, int status, Path desk, Path programs)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", line).directory(desk.toFile()).redirectErrorStream(true);
    builder.environment().put("SIGNER_PROGRAMS", programs.toString());
    builder.environment().put("SIGNER_HOME", desk.resolve("home").toString());
    builder.environment().put("SIGNER_CACHE", desk.resolve("cache").toString());
    Process process = builder.start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).as(line).isTrue();
    assertThat(process.exitValue()).as(line + "\n" + printed).isEqualTo(status);
    return printed;
  }
}
