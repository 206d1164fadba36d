package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.worker.WorkerLaunch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher by itself: the real script in a tree of its own, whose Maven and JDKs are scripts
 * that write down how they are called.
 */
class LauncherTests {
  private static final List<String> PROGRAMS =
      List.of("signer-cli", "device-emulator", "signer-service");
  private static final int TIMEOUT_SECONDS = 30;

  @TempDir Path tree = Path.of("");
  private Path jdk = Path.of("");

  private record Outcome(int status, String out) {}

  @BeforeEach
  void layOut() throws IOException {
    Files.copy(Repository.root().resolve("signer"), tree.resolve("signer"));
    executable(tree.resolve("signer"));
    Files.writeString(tree.resolve("pom.xml"), "<project><version>1.0</version></project>\n");
    for (String module : List.of("verifier-lib", "keys", "signer-cli/picocli")) {
      Files.createDirectories(tree.resolve(module + "/src/main"));
      Files.writeString(tree.resolve(module + "/pom.xml"), "");
    }
    StringBuilder mvnw = new StringBuilder("#!/bin/bash\necho built >> builds.log\n");
    for (String program : PROGRAMS) {
      Files.createDirectories(tree.resolve(program + "/src/main"));
      Files.writeString(tree.resolve(program + "/pom.xml"), "");
      mvnw.append("mkdir -p ").append(program).append("/target\n");
      String suffix = program.equals("signer-service") ? "exec" : "all";
      String jar = program + "/target/" + program + "-1.0-" + suffix + ".jar";
      mvnw.append("echo jar > ").append(jar).append('\n');
    }
    script(tree.resolve("mvnw"), mvnw.toString());
    jdk = jdk("jdk-17", "17.0.1");
  }

  /** A JDK that prints how it is called, and writes a start-up archive when it is told to. */
  private Path jdk(String name, String version) throws IOException {
    Path home = tree.resolve(name);
    Files.createDirectories(home.resolve("bin"));
    Files.createDirectories(home.resolve("lib"));
    Files.writeString(home.resolve("lib/modules"), "");
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    script(home.resolve("bin/javac"), "#!/bin/bash\n");
    script(
        home.resolve("bin/java"),
        """
        #!/bin/bash
        for a in "$@"; do
          case $a in
            -XX:ArchiveClassesAtExit=*) echo archive > "${a#*=}"; exit "${TRAINING_STATUS:-0}" ;;
            -Djarmode=tools) mkdir -p "${@: -1}"; echo jar > "${@: -1}/signer-service.jar"; exit ;;
          esac
        done
        echo "%s $*"
        """
            .replace("%s", name));
    return home;
  }

  private static void script(Path file, String text) throws IOException {
    Files.writeString(file, text);
    executable(file);
  }

  private static void executable(Path file) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Outcome run(Map<String, String> environment, String... arguments) throws Exception {
    List<String> command =
        Stream.concat(Stream.of(tree.resolve("signer").toString()), Stream.of(arguments)).toList();
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("SIGNER_"));
    builder.environment().put("JAVA_HOME", jdk.toString());
    builder.environment().put("SIGNER_CACHE", tree.resolve("cache").toString());
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return new Outcome(process.exitValue(), out);
  }

  private long builds() throws IOException {
    Path log = tree.resolve("builds.log");
    return Files.exists(log) ? Files.readAllLines(log).size() : 0;
  }

  private List<String> archives() throws IOException {
    try (Stream<Path> files = Files.list(tree.resolve("cache"))) {
      return files.map(f -> String.valueOf(f.getFileName())).sorted().toList();
    }
  }

  @Test
  void whatIsMissingIsBuiltAndOnlyOnce() throws Exception {
    assertThat(run(Map.of(), "--version").out()).contains("building", "jdk-17 ", " --version");
    assertThat(run(Map.of(), "--version").out()).doesNotContain("building");
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void aNewerSourceIsBuilt() throws Exception {
    run(Map.of(), "--version");
    Path source = tree.resolve("keys/src/main/Token.java");
    Files.writeString(source, "");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
    assertThat(run(Map.of("SIGNER_BUILD", "off"), "--version").out()).doesNotContain("building");
    assertThat(run(Map.of(), "--version").out()).contains("building");
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void aFailedBuildIsShownAndNothingIsRun() throws Exception {
    script(tree.resolve("mvnw"), "#!/bin/bash\necho cannot find symbol; exit 1\n");
    Outcome outcome = run(Map.of(), "--version");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.out())
        .contains("cannot find symbol", "signer: error: the build failed")
        .doesNotContain("jdk-17");
  }

  @Test
  void nothingBuiltAndNoBuildAllowedIsAnError() throws Exception {
    Outcome outcome = run(Map.of("SIGNER_BUILD", "off"), "--version");
    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.out()).contains("signer: error: nothing is built yet");
  }

  @Test
  void whatABuildThatWasCutShortLeftIsRemoved() throws Exception {
    Path left = Files.createDirectories(tree.resolve("target/launcher/.20200101-000000-1"));
    run(Map.of(), "--version");
    assertThat(left).doesNotExist();
  }

  @Test
  void anOlderJdkIsPassedOverForOneThatWillDo() throws Exception {
    Path old = jdk("jdk-11", "11.0.2");
    String path = jdk.resolve("bin") + ":" + System.getenv("PATH");
    Outcome outcome = run(Map.of("JAVA_HOME", old.toString(), "PATH", path), "--version");
    assertThat(outcome.out()).contains("jdk-17 ").doesNotContain("jdk-11 ");
  }

  @Test
  void theJdkThatIsAskedForIsTaken() throws Exception {
    Path newer = jdk("jdk-25", "25");
    assertThat(run(Map.of("JAVA_HOME", newer.toString()), "--version").out()).contains("jdk-25 ");
  }

  @Test
  void aTrainingRunThatFailedLeavesNoArchive() throws Exception {
    Outcome outcome = run(Map.of("TRAINING_STATUS", "130"), "--version");
    assertThat(outcome.out()).contains(" --version").doesNotContain("SharedArchiveFile");
    assertThat(archives()).isEmpty();
  }

  @Test
  void anArchiveIsUsedFromTheFirstRunOn() throws Exception {
    assertThat(run(Map.of(), "--version").out()).contains("-XX:SharedArchiveFile=");
    assertThat(archives()).hasSize(3).allMatch(name -> name.endsWith(".jsa"));
  }

  @Test
  void aCacheThatOthersCouldWriteIsNotUsed() throws Exception {
    run(Map.of(), "--version");
    Files.setPosixFilePermissions(
        tree.resolve("cache"), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(run(Map.of(), "--version").out()).doesNotContain("SharedArchiveFile");
  }

  @Test
  void aLargeFileIsReadWithTheCompilerThatHashesFast() throws Exception {
    Path small = Files.write(tree.resolve("small"), new byte[1000]);
    Path large = Files.write(tree.resolve("large"), new byte[9 * 1024 * 1024]);
    assertThat(run(Map.of(), "verify", small.toString()).out()).contains("TieredStopAtLevel=1");
    assertThat(run(Map.of(), "verify", large.toString()).out())
        .doesNotContain("TieredStopAtLevel=1");
  }

  @Test
  void eachProgramIsStartedByItsWord() throws Exception {
    assertThat(run(Map.of(), "serve", "--port", "0").out()).contains("signer-service.jar --port 0");
    assertThat(run(Map.of(), "device", "run").out()).contains("device-emulator.jar run");
    assertThat(run(Map.of(), "keys", "list").out()).contains("signer-cli.jar keys list");
  }

  @Test
  void aWorkerIsStartedWithItsFewLibrariesAndTheFlagsOfTheService() throws Exception {
    run(Map.of(), "--version");
    String build = Files.readString(tree.resolve("target/launcher/current")).strip();
    Path lib =
        Files.createDirectories(tree.resolve("target/launcher").resolve(build + "/service/lib"));
    for (String jar : List.of("keys-1.jar", "verifier-lib-1.jar", "bcprov-1.jar", "spring-1.jar")) {
      Files.writeString(lib.resolve(jar), "");
    }
    String out = run(Map.of(), "worker", "/var/lib/ota-worker").out();
    WorkerLaunch own = WorkerLaunch.onThisJvm(Path.of("/var/lib/ota-worker"), Set.of());
    assertThat(own.command()).filteredOn(word -> word.startsWith("-X")).isNotEmpty();
    for (String word : own.command()) {
      if (word.startsWith("-X") || word.startsWith("--")) {
        assertThat(out).contains(" " + word + " ");
      }
    }
    assertThat(out)
        .contains("keys-1.jar", "verifier-lib-1.jar", "bcprov-1.jar")
        .doesNotContain("spring")
        .endsWith(" dev.otasigner.keys.worker.WorkerProgram /var/lib/ota-worker\n");
  }

  @Test
  void aWorkerBuildsNothing() throws Exception {
    assertThat(run(Map.of(), "worker", "/var/lib/ota-worker").status()).isEqualTo(2);
    assertThat(builds()).isZero();
  }
}
