package dev.otasigner.device.transport;

import static dev.otasigner.device.testing.TestServer.reply;
import static dev.otasigner.device.transport.TestUplink.HELLO;
import static dev.otasigner.device.transport.TestUplink.RSA;
import static dev.otasigner.device.transport.TestUplink.impatient;
import static dev.otasigner.device.transport.TestUplink.legacy;
import static dev.otasigner.device.transport.TestUplink.legacyPolicy;
import static dev.otasigner.device.transport.TestUplink.rsaDevice;
import static dev.otasigner.device.transport.TestUplink.text;
import static dev.otasigner.device.transport.TestUplink.uplink;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.testing.TestServer;
import dev.otasigner.device.testing.TestServer.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is read after the connection stands: ranges, lengths, slowness, and answers out of order.
 */
class UplinkBodyTests {
  @Test
  void downloadResumesByRange() throws IOException {
    byte[] file = "0123456789".getBytes(StandardCharsets.US_ASCII);
    Answer ranges =
        (request, out) -> {
          assertThat(request.headers()).containsEntry("range", "bytes=4-");
          return reply(
              out, 206, java.util.Arrays.copyOfRange(file, 4, 10), "Content-Range: bytes 4-9/10");
        };
    try (TestServer server = TestServer.start(legacy(), ranges);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      Server.Download download = uplink.download("/f", 4);
      assertThat(download.offset()).isEqualTo(4);
      assertThat(download.totalBytes()).isEqualTo(10);
      assertThat(text(download.body().readAllBytes())).isEqualTo("456789");
    }
  }

  @Test
  void serverWithoutRangesStartsAgainAndSaysSo() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(uplink.download("/f", 3).offset()).isZero();
    }
  }

  @Test
  void pageOfAWebServerThatHasNoSuchFileKeepsTheConnection() throws IOException {
    byte[] page = "<html>404 Not Found</html>".getBytes(StandardCharsets.US_ASCII);
    Answer missing = (request, out) -> reply(out, 404, page, "Content-Type: text/html");
    try (TestServer server = TestServer.start(legacy(), missing);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> uplink.get("/2.root.json", 100)).hasMessageContaining("404");
      }
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @Test
  void rangeOtherThanTheOneAskedForIsAnError() throws IOException {
    Answer wrong = (request, out) -> reply(out, 206, new byte[3], "Content-Range: bytes 2-4/10");
    try (TestServer server = TestServer.start(legacy(), wrong);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.download("/f", 3)).hasMessageContaining("asked for");
    }
  }

  @Test
  void longBodyIsCutOffAtTheLimit() throws IOException {
    try (TestServer server = TestServer.start(legacy(), HELLO);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 4)).isInstanceOf(BodyTooLongException.class);
    }
  }

  @Test
  void packedBodyCountsUnpacked() throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      gzip.write(new byte[100_000]);
    }
    Answer bomb = (request, out) -> reply(out, 200, packed.toByteArray(), "Content-Encoding: gzip");
    try (TestServer server = TestServer.start(legacy(), bomb);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(uplink.get("/x", 100_000)).hasSize(100_000);
      assertThatThrownBy(() -> uplink.get("/x", 99_999)).isInstanceOf(BodyTooLongException.class);
    }
  }

  @Test
  void silenceInsideABodyIsGivenUp() throws IOException {
    Answer stalls = raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", true);
    try (TestServer server = TestServer.start(legacy(), stalls);
        Uplink uplink = impatient(server)) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("timed out");
    }
  }

  @Test
  void dripIsGivenUp() throws IOException {
    Answer drips =
        (request, out) -> {
          out.write(
              "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
          for (int i = 0; i < 1000; i++) {
            out.write('x');
            out.flush();
            pause(20);
          }
          return true;
        };
    try (TestServer server = TestServer.start(legacy(), drips);
        Uplink uplink = impatient(server)) {
      assertThatThrownBy(() -> uplink.get("/x", 10_000)).hasMessageContaining("too slow");
    }
  }

  @Test
  void truncatedBodyIsAnError() throws IOException {
    Answer truncates = raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123", false);
    try (TestServer server = TestServer.start(legacy(), truncates);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void chunkedBodyIsReadWhole() throws IOException {
    Answer chunked =
        raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n",
            false);
    try (TestServer server = TestServer.start(legacy(), chunked);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
    }
  }

  @Test
  void bodyFramedTwiceIsRefused() throws IOException {
    Answer smuggles =
        raw(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            false);
    try (TestServer server = TestServer.start(legacy(), smuggles);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("framing");
    }
  }

  @Test
  void endlessHeadIsGivenUp() throws IOException {
    Answer endless =
        (request, out) -> {
          out.write("HTTP/1.1 200 OK\r\n".getBytes(StandardCharsets.US_ASCII));
          for (int i = 0; i < 10_000; i++) {
            out.write(("X-" + i + ": y\r\n").getBytes(StandardCharsets.US_ASCII));
          }
          return false;
        };
    try (TestServer server = TestServer.start(legacy(), endless);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("too many headers");
    }
  }

  @Test
  void serversSentenceIsInTheError() throws IOException {
    byte[] problem = "{\"detail\":\"device d1 is not known\"}".getBytes(StandardCharsets.UTF_8);
    Answer refuses =
        (request, out) -> reply(out, 403, problem, "Content-Type: application/problem+json");
    try (TestServer server = TestServer.start(legacy(), refuses);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.post("/x", new byte[2], 201, 100))
          .isInstanceOf(StatusException.class)
          .hasMessageContaining("403")
          .hasMessageContaining("device d1 is not known");
    }
  }

  @Test
  void redirectIsNotFollowed() throws IOException {
    Answer elsewhere =
        (request, out) ->
            request.path().equals("/there")
                ? HELLO.write(request, out)
                : reply(out, 302, new byte[0], "Location: /there");
    try (TestServer server = TestServer.start(legacy(), elsewhere);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/here", 100))
          .isInstanceOf(StatusException.class)
          .hasMessageContaining("302");
      assertThat(server.requests()).extracting(TestServer.Request::path).containsExactly("/here");
    }
  }

  @Test
  void postIsNotRepeatedByItself() throws IOException {
    Answer breaks = (request, out) -> request.method().equals("GET") && HELLO.write(request, out);
    try (TestServer server = TestServer.start(legacy(), breaks);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThat(text(uplink.get("/x", 100))).isEqualTo("hello");
      assertThatThrownBy(() -> uplink.post("/x", new byte[2], 200, 100))
          .isInstanceOf(IOException.class);
      assertThat(server.requests()).hasSize(2);
    }
  }

  @Test
  void bodyWithoutALengthIsNeverTakenForWhole() throws IOException {
    Answer cut = raw("HTTP/1.1 200 OK\r\n\r\n123", false);
    try (TestServer server = TestServer.start(legacy(), cut);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("without a length");
    }
  }

  @Test
  void chunkedBodyThatIsCutIsAnError() throws IOException {
    Answer cut = raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", false);
    try (TestServer server = TestServer.start(legacy(), cut);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).hasMessageContaining("inside a chunk");
    }
  }

  @Test
  void connectionThatIsResetInsideABodyIsAnError() throws IOException {
    Answer resets =
        (request, out) -> {
          out.write(
              "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n123"
                  .getBytes(StandardCharsets.US_ASCII));
          out.flush();
          throw new IOException("reset");
        };
    try (TestServer server = TestServer.start(legacy(), resets);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100)).isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "bytes 3-", "bytes 3-2/10", "bytes 3-10/10", "items 3-4/10", "bytes 3-x/10"})
  void rangeThatIsNoneIsAnError(String range) throws IOException {
    Answer wrong = (request, out) -> reply(out, 206, new byte[7], "Content-Range: " + range);
    try (TestServer server = TestServer.start(legacy(), wrong);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.download("/f", 3))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("Content-Range");
    }
  }

  @Test
  void rangeOfAnotherLengthThanItsBodyIsAnError() throws IOException {
    Answer wrong = (request, out) -> reply(out, 206, new byte[9], "Content-Range: bytes 3-9/10");
    try (TestServer server = TestServer.start(legacy(), wrong);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.download("/f", 3))
          .hasMessageContaining("a range of 7 bytes in a body of 9");
    }
  }

  @Test
  void partThatNobodyAskedForIsAnError() throws IOException {
    Answer part = (request, out) -> reply(out, 206, new byte[3], "Content-Range: bytes 0-2/10");
    try (TestServer server = TestServer.start(legacy(), part);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.download("/f", 0))
          .isInstanceOf(StatusException.class)
          .hasMessageContaining("206");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Retry-After: 120 | PT2M",
        "Retry-After: Mon, 01 Jun 2026 12:05:00 GMT | PT5M",
        "Retry-After: soon |",
        "Retry-After: -5 |",
        "Retry-After: 99999999999 |",
        "X: y |"
      })
  void serversWishForWhenToComeBackIsInTheError(String header, @Nullable String wait)
      throws IOException {
    Answer busy =
        (request, out) ->
            reply(out, 503, new byte[0], "Date: Mon, 01 Jun 2026 12:00:00 GMT", header);
    try (TestServer server = TestServer.start(legacy(), busy);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOfSatisfying(
              StatusException.class,
              e ->
                  assertThat(e.retryAfter())
                      .isEqualTo(Optional.ofNullable(wait).map(Duration::parse)));
    }
  }

  @Test
  void statusIsToldThoughItsExplanationBreaksOff() throws IOException {
    Answer breaks =
        raw(
            "HTTP/1.1 403 No\r\nContent-Type: application/problem+json\r\nContent-Length: 90\r\n\r\n{",
            false);
    try (TestServer server = TestServer.start(legacy(), breaks);
        Uplink uplink = uplink(legacyPolicy(RSA), rsaDevice(), server.port())) {
      assertThatThrownBy(() -> uplink.get("/x", 100))
          .isInstanceOf(StatusException.class)
          .hasMessageContaining("403");
    }
  }

  private static Answer raw(String response, boolean stall) {
    return (request, out) -> {
      out.write(response.getBytes(StandardCharsets.US_ASCII));
      out.flush();
      if (stall) {
        pause(4000);
      }
      return false;
    };
  }

  /** Slowness of a peer is what these tests are about; nothing waits for it but the peer. */
  @SuppressWarnings("ThreadSleepMillis")
  static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
