package dev.otasigner.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.otasigner.verifier.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against a service that keeps what it got and fails as it is told to. */
class UploadTests {
  private static final byte[] FILE = "0123456789".repeat(20_000).getBytes(StandardCharsets.UTF_8);

  @TempDir private Path directory;

  private final List<String> notes = new ArrayList<>();
  private final List<String> asked = new ArrayList<>();
  private final ByteArrayOutputStream received = new ByteArrayOutputStream();
  private HttpServer server = notYet();
  private int loseAt = Integer.MAX_VALUE;
  private int losses;
  private int mismatches;
  private int conflicts;

  @SuppressWarnings("NullAway")
  private static HttpServer notYet() {
    return null;
  }

  @BeforeEach
  void start() throws IOException {
    Files.write(directory.resolve("image"), FILE);
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answer(HttpExchange http) throws IOException {
    String range = String.valueOf(http.getRequestHeaders().getFirst("Content-Range"));
    asked.add(http.getRequestMethod() + " " + range);
    if (http.getRequestMethod().equals("GET")) {
      reply(http, received.size() == 0 ? 404 : 200, standing());
      return;
    }
    long first = Long.parseLong(range.substring("bytes ".length(), range.indexOf('-')));
    if (first == 0) {
      received.reset();
    }
    assertThat(first).isEqualTo(received.size());
    if (conflicts-- > 0) {
      http.getRequestBody().readAllBytes();
      reply(http, 409, "{\"type\":\"urn:ota:problem:conflict\",\"detail\":\"coming in\"}");
    } else if (losses-- > 0) {
      received.write(http.getRequestBody().readNBytes(loseAt));
      http.close();
    } else {
      received.write(http.getRequestBody().readAllBytes());
      if (mismatches-- > 0) {
        received.reset();
        reply(http, 422, "{\"type\":\"urn:ota:problem:digest-mismatch\",\"detail\":\"other\"}");
      } else {
        reply(http, 201, standing());
      }
    }
  }

  private String standing() {
    return "{\"received\":"
        + received.size()
        + ",\"complete\":"
        + (received.size() == FILE.length)
        + "}";
  }

  private static void reply(HttpExchange http, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    http.sendResponseHeaders(status, body.length);
    http.getResponseBody().write(body);
    http.close();
  }

  private Digest upload() throws IOException {
    Signer options = new Signer();
    Terminal terminal =
        new Terminal(
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8),
            directory,
            Map.of(
                "SIGNER_SERVICE",
                "http://127.0.0.1:" + server.getAddress().getPort(),
                "SIGNER_API_KEY",
                "otk_test"),
            question -> null);
    return new Upload(new ServiceClient(terminal, options), notes::add, Duration.ofNanos(1000))
        .send(directory.resolve("image"), "cam");
  }

  @Test
  void aFileIsSentInOnePiece() throws Exception {
    assertThat(upload()).isEqualTo(Digest.of(FILE));
    assertThat(asked).containsExactly("GET null", "PUT bytes 0-199999/200000");
    assertThat(received.toByteArray()).isEqualTo(FILE);
    assertThat(notes).isEmpty();
  }

  @Test
  void aFileThatIsThereIsNotSent() throws Exception {
    received.write(FILE);
    upload();
    assertThat(asked).containsExactly("GET null");
  }

  @Test
  void aLostConnectionLosesNothing() throws Exception {
    losses = 2;
    loseAt = 70_000;
    upload();
    assertThat(asked)
        .containsExactly(
            "GET null",
            "PUT bytes 0-199999/200000",
            "GET null",
            "PUT bytes 70000-199999/200000",
            "GET null",
            "PUT bytes 140000-199999/200000");
    assertThat(received.toByteArray()).isEqualTo(FILE);
    assertThat(notes).anyMatch(note -> note.equals("going on at byte 70000 of 200000"));
  }

  @Test
  void aPieceThatIsStillComingInIsWaitedFor() throws Exception {
    conflicts = 3;
    upload();
    assertThat(received.toByteArray()).isEqualTo(FILE);
  }

  @Test
  void withoutAnyProgressItIsGivenUp() {
    conflicts = Integer.MAX_VALUE;
    assertThatThrownBy(this::upload)
        .isInstanceOfSatisfying(
            CommandFailedException.class, e -> assertThat(e.hint()).contains("kept for a day"));
    assertThat(asked).hasSizeLessThan(40);
  }

  @Test
  void whatTheServiceHadDamagedIsSentAgainOnce() throws Exception {
    received.write(FILE, 0, 1000);
    mismatches = 1;
    upload();
    assertThat(asked)
        .containsExactly("GET null", "PUT bytes 1000-199999/200000", "PUT bytes 0-199999/200000");
    assertThat(received.toByteArray()).isEqualTo(FILE);
  }

  @Test
  void aWholeFileOfAnotherDigestIsRefused() {
    mismatches = 1;
    assertThatThrownBy(this::upload).hasMessageContaining("other");
  }

  @Test
  void aServiceThatIsNotThereIsSaidAtOnce() {
    server.stop(0);
    assertThatThrownBy(this::upload)
        .isInstanceOfSatisfying(
            CommandFailedException.class,
            e -> assertThat(e.code()).isEqualTo(ExitCode.UNREACHABLE));
    assertThat(notes).isEmpty();
  }
}
