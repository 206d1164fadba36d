package dev.otasigner.verifier.manifest;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import org.junit.jupiter.api.Test;

class VersionRangeTests {
  private static final ImageVersion MIN = new ImageVersion(33, 0, 0, 0);
  private static final ImageVersion MAX = new ImageVersion(34, 255, 0, 0);

  @Test
  void bothEndsBelongToTheRange() {
    VersionRange range = new VersionRange(MIN, MAX);
    assertThat(range.contains(MIN)).isTrue();
    assertThat(range.contains(MAX)).isTrue();
    assertThat(range.contains(new ImageVersion(32, 255, 65535, 9))).isFalse();
    assertThat(range.contains(new ImageVersion(34, 255, 0, 1))).isFalse();
  }

  @Test
  void aRangeTurnedAroundContainsNothing() {
    assertThat(new VersionRange(/* min= */ MAX, /* max= */ MIN).contains(MIN)).isFalse();
  }

  @Test
  void moreRangesThanTheLimitAreRefused() throws Exception {
    String one = "{\"min\":\"1.0.0+0\",\"max\":\"2.0.0+0\"}";
    String many = (one + ",").repeat(VersionRange.MAX_RANGES) + one;
    Fields fields = JsonReader.readObject(("{\"from\":[" + many + "]}").getBytes(UTF_8), 1 << 16);
    assertRefused(Reason.LIMIT_EXCEEDED, () -> VersionRange.readAll(fields, "from"));
  }
}
