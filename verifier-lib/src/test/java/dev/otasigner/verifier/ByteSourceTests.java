package dev.otasigner.verifier;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ByteSourceTests {
  @TempDir Path folder;

  private static ByteSource text(String text) {
    return ByteSource.of(text.getBytes(US_ASCII));
  }

  private static String all(ByteSource source) throws Exception {
    String read = new String(source.readAll(100), US_ASCII);
    assertThat(source.lengthBytes()).isEqualTo(read.length());
    try (InputStream in = source.open()) {
      StringBuilder single = new StringBuilder();
      for (int value = in.read(); value >= 0; value = in.read()) {
        single.append((char) value);
      }
      assertThat(single).hasToString(read);
    }
    return read;
  }

  @Test
  void filesAndArraysCanBeReadAgainAndAgain() throws Exception {
    Path file = Files.writeString(folder.resolve("f"), "0123456789");
    for (ByteSource source : List.of(text("0123456789"), ByteSource.of(file))) {
      assertThat(all(source)).isEqualTo("0123456789");
      assertThat(all(source)).isEqualTo("0123456789");
    }
  }

  @Test
  void anArrayThatChangesLaterDoesNotChangeItsSource() throws Exception {
    byte[] bytes = {65};
    ByteSource source = ByteSource.of(bytes);
    bytes[0] = 66;
    assertThat(all(source)).isEqualTo("A");
  }

  @Test
  void slicesStayWithinTheirBoundsAndWithinTheirSource() throws Exception {
    Path file = Files.writeString(folder.resolve("f"), "0123456789");
    for (ByteSource source : List.of(text("0123456789"), ByteSource.of(file))) {
      assertThat(all(source.slice(2, 3))).isEqualTo("234");
      assertThat(all(source.slice(8, 5))).isEqualTo("89");
      assertThat(all(source.slice(10, 5))).isEmpty();
      assertThat(all(source.slice(12, 5))).isEmpty();
      assertThat(all(source.slice(2, 6).slice(1, 2))).isEqualTo("34");
      try (InputStream in = source.slice(2, 3).open()) {
        assertThat(in.skip(2)).isEqualTo(2);
        assertThat(in.available()).isLessThanOrEqualTo(1);
        assertThat(in.markSupported()).isFalse();
        assertThat(in.readAllBytes()).isEqualTo("4".getBytes(US_ASCII));
      }
    }
    assertThatIllegalArgumentException().isThrownBy(() -> text("0").slice(-1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> text("0").slice(0, -1));
  }

  @Test
  void partsFollowOneAnother() throws Exception {
    assertThat(all(ByteSource.concat(List.of(text("01"), text(""), text("2"))))).isEqualTo("012");
    assertThat(all(ByteSource.concat(List.of()))).isEmpty();
  }

  @Test
  void moreBytesThanAllowedAreRefused() throws Exception {
    assertThat(text("0123").readAll(4)).hasSize(4);
    assertThat(
            catchThrowableOfType(RejectedException.class, () -> text("0123").readAll(3)).reason())
        .isEqualTo(Reason.LIMIT_EXCEEDED);
  }
}
