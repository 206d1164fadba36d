package dev.otasigner.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A step of a rotation is done after a yes, and after nothing else. */
class RotationAdvanceTests {
  private static final String ROTATION = "/api/v1/products/cam/rotations/3";
  private static final String PLACE =
      "{\"id\":3,\"product\":\"cam\",\"oldKey\":{\"name\":\"old\",\"suite\":\"ed25519\","
          + "\"state\":\"active\"},\"newKey\":{\"name\":\"new\",\"suite\":\"ed25519\","
          + "\"state\":\"active\"},\"state\":\"open\",\"devices\":{\"count\":0,\"through\":0,"
          + "\"left\":0,\"writtenOff\":0},\"steps\":[{\"step\":\"new-only\",\"state\":\"next\",\"detail\":"
          + "\"suspend old\"}],\"notes\":[],\"impact\":{\"allowed\":true,\"cohorts\":[]}}";
  private static final Transcript.Exchange SHOWN =
      new Transcript.Exchange("GET", ROTATION, "-", 200, PLACE);
  private static final Transcript.Exchange DONE =
      new Transcript.Exchange("POST", ROTATION + "/advance", "{\"step\":\"new-only\"}", 200, PLACE);

  @TempDir private Path directory = Path.of("");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<String> questions = new ArrayList<>();

  @Test
  void theStepIsShownBeforeAndDoneAfterAYes() throws Exception {
    assertThat(answering("yes", SHOWN, DONE)).isZero();
    assertThat(questions).containsExactly("go on? type yes: ");
    assertThat(out.toString(StandardCharsets.UTF_8))
        .startsWith("new-only: suspend old")
        .contains("no device is on record");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no", "y", "Yes"})
  void anotherAnswerDoesNothing(String answer) throws Exception {
    assertThat(answering(answer, SHOWN)).isEqualTo(1);
    assertThat(err.toString(StandardCharsets.UTF_8)).contains("not confirmed; nothing was done");
  }

  private int answering(String answer, Transcript.Exchange... exchanges) throws Exception {
    try (FakeService service = new FakeService()) {
      service.expect(List.of(exchanges));
      Terminal terminal =
          new Terminal(
              new PrintStream(out, true, StandardCharsets.UTF_8),
              new PrintStream(err, true, StandardCharsets.UTF_8),
              directory,
              Map.of("SIGNER_SERVICE", service.address(), "SIGNER_API_KEY", "otk_1"),
              question -> {
                questions.add(question);
                return answer.toCharArray();
              });
      int status = CommandLines.run(terminal, "rotation", "advance", "3", "--product", "cam");
      assertThat(service.mistakes()).isEmpty();
      return status;
    }
  }
}
