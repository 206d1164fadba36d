package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Digest;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestedCopyTests {
  @TempDir Path directory;

  private static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    new Random(count).nextBytes(bytes);
    return bytes;
  }

  /** As a network gives them: a few at a time, and never as many as asked for. */
  private static InputStream dripping(byte[] bytes) {
    return new FilterInputStream(new ByteArrayInputStream(bytes)) {
      @Override
      public int read(byte[] into, int from, int length) throws IOException {
        return super.read(into, from, Math.min(length, 8191));
      }
    };
  }

  private FileChannel open() throws IOException {
    return FileChannel.open(
        directory.resolve("file"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0, 1, 131_071, 131_072, 131_073, 1_048_575, 1_048_576, 1_048_577, 1_179_648, 9_999_999
      })
  void everyByteIsWrittenAndDigestedOnce(int length) throws Exception {
    byte[] bytes = bytes(length);
    MessageDigest hash = Digest.sha256();
    try (FileChannel to = open()) {
      assertThat(DigestedCopy.copy(dripping(bytes), Long.MAX_VALUE, to, hash)).isEqualTo(length);
    }
    assertThat(Digest.ofHash(hash.digest())).isEqualTo(Digest.of(bytes));
    assertThat(Files.readAllBytes(directory.resolve("file"))).isEqualTo(bytes);
  }

  @Test
  void noMoreIsReadThanWanted() throws Exception {
    byte[] bytes = bytes(3_000_000);
    InputStream in = dripping(bytes);
    MessageDigest hash = Digest.sha256();
    try (FileChannel to = open()) {
      assertThat(DigestedCopy.copy(in, 2_000_000, to, hash)).isEqualTo(2_000_000);
    }
    assertThat(in.readAllBytes()).hasSize(1_000_000);
    assertThat(Digest.ofHash(hash.digest())).isEqualTo(Digest.of(Arrays.copyOf(bytes, 2_000_000)));
  }

  @Test
  void whatCameBeforeTheStreamBrokeIsWrittenAndDigested() throws Exception {
    byte[] bytes = bytes(2_500_000);
    InputStream breaking =
        new FilterInputStream(dripping(bytes)) {
          private int left = 2_345_678;

          @Override
          public int read(byte[] into, int from, int length) throws IOException {
            if (left == 0) {
              throw new IOException("reset");
            }
            int n = super.read(into, from, Math.min(length, left));
            left -= n;
            return n;
          }
        };
    MessageDigest hash = Digest.sha256();
    try (FileChannel to = open()) {
      assertThatThrownBy(() -> DigestedCopy.copy(breaking, Long.MAX_VALUE, to, hash))
          .hasMessage("reset");
    }
    byte[] came = Arrays.copyOf(bytes, 2_345_678);
    assertThat(Files.readAllBytes(directory.resolve("file"))).isEqualTo(came);
    assertThat(Digest.ofHash(hash.digest())).isEqualTo(Digest.of(came));
  }
}
