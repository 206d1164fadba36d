package dev.otasigner.cli.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TufCommandTests {
  @TempDir private Path directory;
  private final RepositorySimulator repository = new RepositorySimulator();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private HttpRepository server;

  TufCommandTests() throws IOException {
    server = new HttpRepository(repository);
  }

  /** The command reads the wall clock, so everything must live beyond it. */
  @BeforeEach
  void publish() throws IOException {
    for (String role : List.of("root", "timestamp", "snapshot", "targets", "a", "../x")) {
      repository.expires(role, Instant.now().plus(Duration.ofDays(1)));
    }
    repository.publishRoot();
    repository.publish();
    Files.createDirectory(directory.resolve("metadata"));
    Files.createDirectory(directory.resolve("targets"));
    Files.write(directory.resolve("1.root.json"), repository.files().get("metadata/1.root.json"));
  }

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void initTrustsARootAndAsksNobody() throws Exception {
    assertThat(init()).isZero();
    assertThat(server.requests()).isEmpty();
    assertThat(names("metadata")).containsExactly("root.json");
  }

  @Test
  void initDoesNotReplaceARoot() {
    init();
    assertThat(init()).isEqualTo(1);
    assertThat(errors()).contains("metadata: has a root");
  }

  @Test
  void refreshStoresWhatItReceivedAndAsksForNothingElse() throws Exception {
    init();
    assertThat(refresh()).isZero();
    assertThat(server.requests())
        .containsExactly(
            "metadata/2.root.json",
            "metadata/3.root.json",
            "metadata/timestamp.json",
            "metadata/2.snapshot.json",
            "metadata/2.targets.json");
    assertThat(names("metadata"))
        .containsExactlyInAnyOrder("root.json", "timestamp.json", "snapshot.json", "targets.json");
    assertThat(Files.readAllBytes(directory.resolve("metadata/snapshot.json")))
        .isEqualTo(repository.latest("snapshot"));
  }

  @Test
  void aRefusedRefreshAnswersOneAndSaysWhy() throws Exception {
    init();
    repository.signedBy("timestamp", key("thief")).publishTimestamp();
    assertThat(refresh()).isEqualTo(1);
    assertThat(errors()).startsWith("signer: error: refused (below-threshold): timestamp");
    assertThat(names("metadata")).containsExactly("root.json");
  }

  @Test
  void aLimitIsSetByItsName() {
    init();
    assertThat(refresh("--limit", "timestamp-bytes=100")).isEqualTo(1);
    assertThat(errors()).contains("limit-exceeded");
    assertThat(refresh("--limit", "name-bytes=0")).isEqualTo(1);
    assertThat(errors()).contains("--limit: limits are positive");
    assertThat(refresh("--limit", "timestamp-bytes=9000", "--limit", "roots=3")).isZero();
  }

  @Test
  void aTargetIsDownloadedOnce() throws Exception {
    repository.delegate("targets", "a", key("a"), "dir/*");
    repository.add("a", "dir/a file", "content");
    repository.publish();
    init();
    assertThat(download("dir/a file")).isZero();
    assertThat(names("targets")).containsExactly("dir%2Fa+file");
    assertThat(Files.readString(directory.resolve("targets/dir%2Fa+file"))).isEqualTo("content");

    server.forgetRequests();
    assertThat(download("dir/a file")).isZero();
    assertThat(server.requests())
        .containsExactly("metadata/3.root.json", "metadata/timestamp.json");
  }

  @Test
  void severalTargetsStopAtTheFirstFailure() throws Exception {
    repository.add("targets", "first", "1");
    repository.add("targets", "third", "3");
    repository.publish();
    init();
    assertThat(download("first", "second", "third")).isEqualTo(1);
    assertThat(errors()).contains("refused (target-not-found): no trusted role lists second");
    assertThat(names("targets")).containsExactly("first");
  }

  @Test
  void nothingUnverifiedIsPutIntoTheTargetDirectory() throws Exception {
    TargetFile target = repository.add("targets", "t", "content");
    repository.publish();
    init();
    repository
        .files()
        .put("targets/" + target.location(true), "c0ntent".getBytes(StandardCharsets.UTF_8));
    assertThat(download("t")).isEqualTo(1);
    assertThat(names("targets")).isEmpty();
  }

  @Test
  void aChangedFileInTheTargetDirectoryIsReplaced() throws Exception {
    repository.add("targets", "t", "content");
    repository.publish();
    init();
    Files.writeString(directory.resolve("targets/t"), "c0ntent");
    assertThat(download("t")).isZero();
    assertThat(Files.readString(directory.resolve("targets/t"))).isEqualTo("content");
  }

  @Test
  void roleNamesAreAskedForEncodedOnce() throws Exception {
    repository.delegate("targets", "../x", key("x"), "*").publish();
    init();
    assertThat(download("t")).isEqualTo(1);
    assertThat(server.requests()).contains("metadata/1...%2Fx.json");
    assertThat(names("metadata")).contains("..%2Fx.json");
  }

  @Test
  void onlyNotFoundEndsTheClimbOfRoots() {
    init();
    server.answerWith(503);
    assertThat(refresh()).isEqualTo(1);
    assertThat(errors()).contains("status 503 for " + server.url("metadata/2.root.json"));
  }

  @Test
  void anAnswerThatBreaksOffIsNoRoot() throws Exception {
    init();
    server.breakOff();
    assertThat(refresh()).isEqualTo(1);
    assertThat(Files.readAllBytes(directory.resolve("metadata/root.json")))
        .isEqualTo(repository.files().get("metadata/1.root.json"));
  }

  /** A byte now and then, and never a line's end: no read of the socket ever times out. */
  @Test
  void aServerWhoseHeadOfAnAnswerDripsIsGivenUp() throws Exception {
    init();
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread drip = new Thread(() -> drip(listener), "drip");
      drip.setDaemon(true);
      drip.start();
      String url = "http://127.0.0.1:" + listener.getLocalPort() + "/";
      int exit =
          assertTimeoutPreemptively(
              Duration.ofMinutes(1),
              () ->
                  run(
                      "tuf",
                      "--limit",
                      "patience-seconds=1",
                      "--metadata-url",
                      url,
                      "--metadata-dir",
                      "metadata",
                      "refresh"));
      assertThat(exit).isEqualTo(1);
      assertThat(errors()).contains("the server is too slow");
    }
  }

  private static void drip(ServerSocket listener) {
    try (Socket client = listener.accept()) {
      client.setSoTimeout(100);
      client.getOutputStream().write("HTTP/1.1 200 OK\r\nx: ".getBytes(StandardCharsets.UTF_8));
      while (!isClosed(client)) {
        client.getOutputStream().write('x');
      }
    } catch (IOException e) {
      return; // hung up
    }
  }

  /** Waits a tenth of a second for the client to say anything, or to hang up. */
  private static boolean isClosed(Socket client) throws IOException {
    try {
      while (client.getInputStream().read() >= 0) {
        // the request
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    }
  }

  @Test
  void theLargestLimitIsNoMistake() {
    init();
    assertThat(refresh("--limit", "targets-bytes=2147483647")).isZero();
  }

  @Test
  void everyMistakeOfTheCommandLineAnswersOne() {
    assertThat(run("tuf", "refresh")).isEqualTo(1);
    assertThat(errors()).startsWith("signer: error: ");
    assertThat(run("tuf", "--metadata-dir", "metadata", "upgrade")).isEqualTo(1);
    assertThat(run("tuf", "--metadata-dir", "metadata", "init", "none.json")).isEqualTo(1);
    assertThat(refresh()).isEqualTo(1);
    assertThat(errors()).contains("no root is trusted yet");
  }

  private int init() {
    return run("tuf", "--metadata-dir", "metadata", "init", "1.root.json");
  }

  private int refresh(String... options) {
    List<String> args = new ArrayList<>();
    args.add("tuf");
    args.addAll(List.of(options));
    args.addAll(
        List.of(
            "--metadata-url", server.url("metadata/"), "--metadata-dir", "metadata", "refresh"));
    return run(args.toArray(String[]::new));
  }

  private int download(String... names) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "tuf", "--metadata-url", server.url("metadata/"), "--metadata-dir", "metadata"));
    for (String name : names) {
      args.add("--target-name");
      args.add(name);
    }
    args.addAll(
        List.of(
            "--target-dir", "targets", "--target-base-url", server.url("targets/"), "download"));
    return run(args.toArray(String[]::new));
  }

  private int run(String... args) {
    Terminal terminal =
        new Terminal(
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            directory,
            Map.of(),
            question -> null);
    return CommandLines.run(terminal, args);
  }

  private String errors() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private List<String> names(String name) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve(name))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  private static byte[] gzip(byte[] bytes) {
    java.io.ByteArrayOutputStream packed = new java.io.ByteArrayOutputStream();
    try (var out = new java.util.zip.GZIPOutputStream(packed)) {
      out.write(bytes);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return packed.toByteArray();
  }

  @Test
  void packedAnswersAreUnpackedBeforeTheyAreJudged() throws Exception {
    init();
    server.pack("gzip", TufCommandTests::gzip);
    assertThat(refresh()).isZero();
  }

  @Test
  void packedAnswerIsHeldAgainstTheLimitByWhatComesOut() {
    init();
    server.pack("gzip", bytes -> gzip(new byte[10_000_000]));
    assertThat(refresh()).isEqualTo(1);
    assertThat(errors()).contains("limit-exceeded");
  }

  @Test
  void packedAnswerThatGoesOnWithoutContentIsGivenUp() {
    init();
    byte[] nothing = gzip(new byte[0]);
    server.pack(
        "gzip",
        bytes -> {
          byte[] many = new byte[100_000 * nothing.length];
          for (int i = 0; i < 100_000; i++) {
            System.arraycopy(nothing, 0, many, i * nothing.length, nothing.length);
          }
          return many;
        });
    assertThat(refresh()).isEqualTo(1);
    assertThat(errors()).contains("bytes after the packed answer");
  }

  @Test
  void packedAnswerThatIsCutShortIsRefused() {
    init();
    server.pack("gzip", bytes -> java.util.Arrays.copyOf(gzip(bytes), 40));
    assertThat(refresh()).isEqualTo(1);
  }

  @Test
  void encodingThatNobodyAskedForIsRefused() {
    init();
    server.pack("br", bytes -> bytes);
    assertThat(refresh()).isEqualTo(1);
    assertThat(errors()).contains("an encoding that nobody asked for: br");
  }
}
