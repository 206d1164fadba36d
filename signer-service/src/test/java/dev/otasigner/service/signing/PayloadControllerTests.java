package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.Grant;
import dev.otasigner.service.access.Rights;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.problem.StorageRoom;
import dev.otasigner.verifier.Digest;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;

class PayloadControllerTests {
  private static final byte[] LONG = new byte[16 * 1024 * 1024];

  @TempDir Path directory;

  @BeforeEach
  void pipelineOfAllProducts() {
    Actor actor =
        new Actor(
            Actor.Kind.API_KEY,
            "ci",
            new Rights(Set.of(new Grant(Role.PIPELINE, Optional.empty()))));
    SecurityContextHolder.getContext()
        .setAuthentication(
            UsernamePasswordAuthenticationToken.authenticated(actor, null, List.of()));
  }

  @AfterEach
  void nobody() {
    SecurityContextHolder.clearContext();
  }

  private PayloadController controller() throws IOException {
    PayloadStore payloads = new PayloadStore(directory.resolve("payloads"), Long.MAX_VALUE);
    return new PayloadController(
        payloads,
        new PartialUploads(payloads, milestone -> {}, Clock.systemUTC()),
        new StorageRoom(new ServiceDirectories(directory)),
        new AllUploads(),
        new TestFleet());
  }

  /** A body of which something is left to read when the disk gets full. */
  private static final class Body extends ServletInputStream {
    private int left = 10;

    @Override
    public int read() throws IOException {
      if (left == 5) {
        left--;
        throw new IOException("No space left on device");
      }
      return left-- > 0 ? 'x' : -1;
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      int next = read();
      if (next >= 0) {
        buffer[from] = (byte) next;
      }
      return next < 0 ? -1 : 1;
    }

    @Override
    public boolean isFinished() {
      return left <= 0;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setReadListener(ReadListener listener) {}
  }

  private static MockHttpServletRequest upload(Body body, long statedBytes) {
    return new MockHttpServletRequest() {
      @Override
      public ServletInputStream getInputStream() {
        return body;
      }

      @Override
      public long getContentLengthLong() {
        return statedBytes;
      }
    };
  }

  private void assertStorageFull(Body body, long statedBytes) {
    assertThatThrownBy(() -> controller().upload(null, upload(body, statedBytes)))
        .isInstanceOfSatisfying(
            SignerException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.STORAGE_FULL))
        .hasMessageContaining(directory.toString());
    assertThat(body.isFinished()).as("whoever sends is read to the end").isTrue();
    assertThat(directory.resolve("payloads/incoming")).isEmptyDirectory();
  }

  @Test
  void payloadThatFillsTheDiskIsAnsweredWithStorageFull() {
    assertStorageFull(new Body(), -1);
  }

  @Test
  void payloadThatWouldNotFitIsNotWrittenAtAll() {
    Body body = new Body();
    body.left = 4;
    assertStorageFull(body, Long.MAX_VALUE / 2);
  }

  /** A long body, in which a form's head and end may stand. */
  private static final class LongBody extends ServletInputStream {
    private final InputStream in;
    private long read;
    private boolean finished;

    LongBody(String head, String end) {
      this.in =
          new SequenceInputStream(
              Collections.enumeration(
                  List.of(bytes(head), new ByteArrayInputStream(LONG), bytes(end))));
    }

    private static InputStream bytes(String text) {
      return new ByteArrayInputStream(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0];
    }

    @Override
    public int read(byte[] buffer, int from, int length) throws IOException {
      int n = in.read(buffer, from, length);
      read += Math.max(0, n);
      finished |= n < 0;
      return n;
    }

    @Override
    public boolean isFinished() {
      return finished;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setReadListener(ReadListener listener) {}
  }

  /** Gets full after it was asked twice, of a body that never says how long it is. */
  private final class SmallRoom extends StorageRoom {
    private final LongBody body;
    private final List<Long> askedAt = new ArrayList<>();

    SmallRoom(LongBody body) {
      super(new ServiceDirectories(directory));
      this.body = body;
    }

    @Override
    public void require(long lengthBytes) {
      askedAt.add(body.read);
      if (askedAt.size() > 2) {
        throw full("");
      }
    }
  }

  private interface Upload {
    void by(PayloadController controller, MockHttpServletRequest request) throws Exception;
  }

  private PartialUploads assertStopped(LongBody body, Upload upload) throws IOException {
    PayloadStore payloads = new PayloadStore(directory.resolve("payloads"), 1L << 30);
    PartialUploads partial = new PartialUploads(payloads, milestone -> {}, Clock.systemUTC());
    SmallRoom room = new SmallRoom(body);
    MockHttpServletRequest request =
        new MockHttpServletRequest() {
          @Override
          public ServletInputStream getInputStream() {
            return body;
          }

          @Override
          public long getContentLengthLong() {
            return -1;
          }
        };
    request.setContentType("multipart/form-data; boundary=xx");
    assertThatThrownBy(
            () ->
                upload.by(
                    new PayloadController(
                        payloads, partial, room, new AllUploads(), new TestFleet()),
                    request))
        .isInstanceOfSatisfying(
            SignerException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.STORAGE_FULL));
    assertThat(body.isFinished()).as("whoever sends is read to the end").isTrue();
    assertThat(directory.resolve("payloads/incoming")).isEmptyDirectory();
    assertThat(room.askedAt.get(2))
        .isLessThanOrEqualTo(2 * WhileThereIsRoom.STEP_BYTES + 512 * 1024);
    return partial;
  }

  @Test
  void uploadOfUnknownLengthEndsWhereTheRoomEnds() throws Exception {
    assertStopped(new LongBody("", ""), (controller, request) -> controller.upload(null, request));
  }

  @Test
  void formOfUnknownLengthEndsWhereTheRoomEnds() throws Exception {
    assertStopped(
        new LongBody(
            "--xx\r\nContent-Disposition: form-data; name=\"a\"; filename=\"a\"\r\n\r\n",
            "\r\n--xx--\r\n"),
        (controller, request) -> controller.uploadSeveral(null, request));
  }

  @Test
  void pieceEndsWhereTheRoomEndsAndWhatCameBeforeStays() throws Exception {
    String digest = "ab".repeat(32);
    PartialUploads partial =
        assertStopped(
            new LongBody("", ""),
            (controller, request) -> {
              request.addHeader(
                  "Content-Range", "bytes 0-" + (LONG.length - 1) + "/" + LONG.length);
              controller.uploadPiece(digest, null, request);
            });
    assertThat(partial.find(Actor.current().label(), new Digest(digest)))
        .hasValueSatisfying(
            part -> assertThat(part.received()).isEqualTo(2 * WhileThereIsRoom.STEP_BYTES));
  }
}
