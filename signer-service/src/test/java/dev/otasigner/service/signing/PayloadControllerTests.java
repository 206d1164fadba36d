package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.problem.StorageRoom;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.mock.web.MockHttpServletRequest;

class PayloadControllerTests {
  @TempDir Path directory;

  private PayloadController controller() throws IOException {
    PayloadStore payloads = new PayloadStore(directory.resolve("payloads"), Long.MAX_VALUE);
    return new PayloadController(
        payloads,
        new PartialUploads(payloads, milestone -> {}, Clock.systemUTC()),
        new StorageRoom(new ServiceDirectories(directory)));
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
    assertThatThrownBy(() -> controller().upload(upload(body, statedBytes)))
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
}
