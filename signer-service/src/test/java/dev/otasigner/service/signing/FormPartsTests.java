package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class FormPartsTests {
  private static final String TYPE = "multipart/form-data; boundary=b";

  @Test
  void moreBytesThanTheLimitAreRefusedThoughNoLengthWasStated() {
    String body =
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
            + "x".repeat(5000)
            + "\r\n--b--";
    assertThatThrownBy(
            () ->
                new FormParts(TYPE, 4000)
                    .read(
                        new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)),
                        (name, file) -> file.transferTo(java.io.OutputStream.nullOutputStream())))
        .isInstanceOfSatisfying(
            SignerException.class, e -> assertThat(e.type()).isEqualTo(ProblemType.TOO_LARGE));
  }
}
