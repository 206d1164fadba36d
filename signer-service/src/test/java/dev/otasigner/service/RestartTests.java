package dev.otasigner.service;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.verifier.Digest;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The service as a program of its own, killed without warning and started on the same directory.
 */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class RestartTests {
  private final Path data = TemporaryData.create();
  private final List<Process> started = new ArrayList<>();

  /** A running service. */
  private record Service(Process process, BufferedReader out, int port) {}

  @AfterEach
  void endAll() throws Exception {
    for (Process process : started) {
      process.destroyForcibly().waitFor();
    }
  }

  private Process process(String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:+UseSerialGC");
    command.add("-XX:TieredStopAtLevel=1");
    command.add("-cp");
    command.add(
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.endsWith("test-classes"))
            .collect(Collectors.joining(File.pathSeparator)));
    command.add("dev.otasigner.service.SignerService");
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    started.add(process);
    return process;
  }

  private Service start(List<String> lines) throws IOException {
    Process process = process("--data", data.toString(), "--port", "0");
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = await(out, lines, l -> l.startsWith("signer: listening on http://127.0.0.1:"));
    return new Service(process, out, Integer.parseInt(line.substring(line.lastIndexOf(':') + 1)));
  }

  private static String await(BufferedReader out, List<String> lines, Predicate<String> wanted)
      throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      lines.add(line);
      if (wanted.test(line)) {
        return line;
      }
    }
    throw new AssertionError("the service ended: " + lines);
  }

  @Test
  void killedServiceStartsAgainWithEverythingItHadSaid() throws Exception {
    List<String> lines = new ArrayList<>();
    Service first = start(lines);
    String password =
        await(first.out(), lines, l -> l.contains("administrator password (shown once): "));
    password = password.substring(password.lastIndexOf(' ') + 1);
    Admin admin = Admin.withEveryRole(first.port(), password);
    admin.post("/api/v1/products", "{'name':'gadget'}").expect(201);
    int device = FleetFixture.freePort();
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'modern','port':"
                + device
                + ",'kind':'device','tls':{'versions':['TLSv1.3'],"
                + "'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-384'}}")
        .expect(201);
    long records = records(admin);
    first.process().destroyForcibly().waitFor();

    List<String> again = new ArrayList<>();
    Service second = start(again);
    assertThat(again).anyMatch(l -> l.startsWith("signer: listener modern on port " + device));
    Admin same = Admin.anonymous(second.port()).withToken(admin.token());
    assertThat(same.get("/api/v1/products").expect(200).text()).contains("gadget");
    assertThat(records(same)).isGreaterThanOrEqualTo(records);
    new Socket(InetAddress.getLoopbackAddress(), device).close();
    Admin.anonymous(second.port()).get("/actuator/health").expect(200);
    assertThat(again).noneMatch(line -> line.contains("password"));

    second.process().destroy();
    assertThat(second.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
  }

  private static long records(Admin admin) throws Exception {
    return admin.get("/api/v1/audit").expect(200).json().integer("size", 0, Long.MAX_VALUE);
  }

  @Test
  void secondServiceOnTheSameDirectoryIsTurnedAway() throws Exception {
    start(new ArrayList<>());
    assertThat(failedStart("--data", data.toString(), "--port", "0"))
        .containsExactly(
            "signer: error: another service is running on " + data,
            "signer: hint: stop it, or give another --data DIR");
  }

  @Test
  void directoryOfANewerServiceIsRefusedAndLeftAsItWas() throws Exception {
    start(new ArrayList<>()).process().destroyForcibly().waitFor();
    Files.writeString(data.resolve("format"), "999\n");
    java.util.Map<Path, Digest> before = contents();
    assertThat(failedStart("--data", data.toString(), "--port", "0"))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("signer: error: a newer service has used " + data + ": its format is 999");
    assertThat(contents()).isEqualTo(before);
  }

  private java.util.Map<Path, Digest> contents() throws IOException {
    java.util.Map<Path, Digest> contents = new java.util.TreeMap<>();
    try (java.util.stream.Stream<Path> files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        contents.put(file, Digest.of(Files.readAllBytes(file)));
      }
    }
    return contents;
  }

  @Test
  void portThatIsTakenIsSaidInOneLine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());
      assertThat(failedStart("--data", data.toString(), "--port", port))
          .containsExactly(
              "signer: error: port " + port + " is in use",
              "signer: hint: give another --port, or 0 for any free one");
    }
  }

  @Test
  void dataDirectoryThatCanNotBeMadeIsSaidInOneLine() throws Exception {
    Path file = Files.createFile(data.resolve("file"));
    assertThat(failedStart("--data", file.toString(), "--port", "0"))
        .containsExactly(
            "signer: error: the data directory can not be made: " + file + " is no directory",
            "signer: hint: give another --data DIR");
  }

  @Test
  void wrongPassphraseIsSaidInOneLine() throws Exception {
    start(new ArrayList<>()).process().destroyForcibly().waitFor();
    Passphrase.generateFile(Files.createDirectory(data.resolve("other")).resolve("p"));
    Files.move(
        data.resolve("other/p"),
        data.resolve("token.passphrase"),
        StandardCopyOption.REPLACE_EXISTING);
    assertThat(failedStart("--data", data.toString(), "--port", "0"))
        .hasSize(2)
        .first()
        .asString()
        .startsWith("signer: error: ")
        .contains("the passphrase is not the one this token was made with");
  }

  /** What a service says that exits with 3. */
  private List<String> failedStart(String... arguments) throws Exception {
    Process process = process(arguments);
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isEqualTo(3);
    return said.lines().toList();
  }

  @Test
  void unknownOptionIsAnErrorOfUsage() throws Exception {
    Process process = process("--dta", data.toString());
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isEqualTo(2);
    assertThat(said).contains("signer: error: unknown option --dta").contains("signer: hint: ");
  }

  @Test
  void everythingIsKeptUnderTheDirectoryForItsOwnerAlone() throws Exception {
    start(new ArrayList<>());
    for (String room : new String[] {"db", "token", "worker", "payloads", "catalogue", "audit"}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data.resolve(room))))
          .as(room)
          .isEqualTo("rwx------");
    }
  }
}
