package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.Main;
import dev.otasigner.cli.local.KeygenCommand;
import dev.otasigner.keys.SoftHsmDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * docs/how-to/hold-a-root-ceremony.md, word for word: each command in a process of its own, keys in
 * files and one in SoftHSM, and devices that upgrade before a holder is lost and after.
 */
class RootCeremonyIT {
  private static final Pattern SESSION = Pattern.compile("```console\n(.*?)```", Pattern.DOTALL);
  private static final int TIMEOUT_SECONDS = 120;
  private static final String BEGUN = "signer root status";

  @TempDir Path directory = Path.of("");

  /** A command and the lines below it; three dots stand for anything, also for several lines. */
  private record Command(String line, List<String> output) {
    Pattern pattern() {
      StringBuilder regex = new StringBuilder();
      for (String expected : output) {
        if (expected.equals("...")) {
          regex.append("(?:.*\n)*");
          continue;
        }
        String before = "";
        for (String part : expected.split(Pattern.quote("..."), -1)) {
          regex.append(before).append(Pattern.quote(part));
          before = ".*";
        }
        regex.append("\n");
      }
      return Pattern.compile(regex.toString());
    }

    int status() {
      return output.stream().anyMatch(l -> l.startsWith("signer: error:")) ? 1 : 0;
    }
  }

  private static List<Command> commands() throws IOException {
    Path page = Repository.root().resolve("docs/how-to/hold-a-root-ceremony.md");
    List<Command> commands = new ArrayList<>();
    Matcher session = SESSION.matcher(Files.readString(page));
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

  @Test
  void aCustodianWhoFollowsThePageLosesNoDevice() throws Exception {
    SoftHsmDirectory.requireModule();
    SoftHsmDirectory token = SoftHsmDirectory.in(directory);
    try (ServiceProcess service = ServiceProcess.start(directory.resolve("data"))) {
      RegisteredProduct product = RegisteredProduct.at(service, directory);
      Path desk = product.engineer().directory();
      Map<String, String> environment =
          Map.of(
              "SIGNER_HOME", desk.resolve("home").toString(),
              "SOFTHSM2_CONF", token.configuration().toString(),
              "CAROL", carol(token, desk),
              "PATH", program() + ":" + System.getenv("PATH"));
      List<Command> commands = commands();
      int begun = indexOf(commands, BEGUN);
      for (Command command : commands.subList(0, begun + 1)) {
        run(command, desk, environment);
      }

      int enrol = EnrolledDevice.open(product, "enrol");
      String profile = product.addProfile("p-256", EnrolledDevice.open(product, "device"));
      product.sign("34.10", profile).requireDone();
      product.sign("34.12", profile).requireDone();
      product.publish("34.12").requireDone();
      EnrolledDevice device = EnrolledDevice.at(product, enrol, "t-0001", "34.10");
      EnrolledDevice late = EnrolledDevice.at(product, enrol, "t-0002", "34.10");
      assertThat(device.run("run")).contains("installed: 34.12.0+0");

      for (Command command : commands.subList(begun + 1, commands.size())) {
        run(command, desk, environment);
      }
      assertThat(
              product
                  .engineer()
                  .run(
                      "root",
                      "status",
                      "--json",
                      "--product",
                      RegisteredProduct.PRODUCT,
                      "--lineage",
                      RegisteredProduct.LINEAGE)
                  .out())
          .contains("\"rootVersion\": 2", "\"dora\"")
          .doesNotContain("\"ben\"");
      product.sign("34.14", profile).requireDone();
      product.publish("34.14").requireDone();
      assertThat(device.run("run")).contains("installed: 34.14.0+0");
      assertThat(late.run("run")).as("from the first root").contains("installed: 34.14.0+0");
      service.stop();
    }
  }

  private static int indexOf(List<Command> commands, String begin) {
    for (int i = 0; i < commands.size(); i++) {
      if (commands.get(i).line().startsWith(begin)) {
        return i;
      }
    }
    throw new AssertionError("no command of the page begins with " + begin);
  }

  /** Carol's key in her token, and its public half in a file; returns the key's URI. */
  private static String carol(SoftHsmDirectory token, Path desk) throws Exception {
    KeyPair pair = KeygenCommand.generate("ecdsa-p256");
    token.importForeign("root", pair.getPrivate().getEncoded());
    Files.writeString(
        desk.resolve("carol.pub.pem"),
        KeygenCommand.pem("PUBLIC KEY", pair.getPublic().getEncoded()));
    return token.uriWithPin().replaceFirst("\\?", ";object=root?");
  }

  /** A directory with the program as it was built. */
  private Path program() throws IOException {
    Path bin = Files.createDirectories(directory.resolve("bin"));
    Path script = bin.resolve("signer");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Files.writeString(
        script,
        "#!/bin/sh\nexec '"
            + java
            + "' -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
            + " --add-exports jdk.crypto.cryptoki/sun.security.pkcs11.wrapper=ALL-UNNAMED -cp '"
            + ServiceProcess.classPath()
            + "' "
            + Main.class.getName()
            + " \"$@\"\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return bin;
  }

  private static void run(Command command, Path desk, Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder("bash", "-c", command.line())
            .directory(desk.toFile())
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).as(command.line()).isTrue();
    assertThat(process.exitValue()).as(command.line() + "\n" + printed).isEqualTo(command.status());
    assertThat(printed).as(command.line()).matches(command.pattern());
  }
}
