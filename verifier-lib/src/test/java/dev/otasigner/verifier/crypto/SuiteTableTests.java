package dev.otasigner.verifier.crypto;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SuiteTableTests {
  private static final Instant END_OF_2030 = Instant.parse("2030-12-31T23:59:59Z");
  private static final Instant END_OF_2035 = Instant.parse("2035-12-31T23:59:59Z");

  private static String table() throws IOException {
    try (InputStream in = SuiteTable.class.getResourceAsStream("suites.json")) {
      return new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
    }
  }

  /** NIST IR 8547, table 2: 112 bits until 2030, every classical signature until 2035. */
  @ParameterizedTest
  @EnumSource(SignatureSuite.class)
  void datesAreThoseOfTheTransitionPlan(SignatureSuite suite) {
    if (suite.isPostQuantum()) {
      assertThat(suite.deprecatedAfter()).isEmpty();
      assertThat(suite.disallowedAfter()).isEmpty();
    } else {
      assertThat(suite.disallowedAfter()).hasValue(END_OF_2035);
      assertThat(suite.deprecatedAfter().filter(END_OF_2030::equals).isPresent())
          .isEqualTo(suite.strengthBits() == 112);
    }
  }

  @Test
  void strengthAndDatesComeFromTheTable() throws Exception {
    String other =
        table()
            .replace(
                "\"ed25519\", \"strengthBits\": 128, \"disallowedAfter\": \"2035",
                "\"ed25519\", \"strengthBits\": 112, \"disallowedAfter\": \"2029");
    SuiteTable.Row row =
        Objects.requireNonNull(SuiteTable.read(other.getBytes(UTF_8)).get(SignatureSuite.ED25519));
    assertThat(row.strengthBits()).isEqualTo(112);
    assertThat(row.disallowedAfter()).hasValue(Instant.parse("2029-12-31T23:59:59Z"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"suite\": \"hss-lms\" | \"suite\": \"ed25519\" | MALFORMED",
        "\"suite\": \"hss-lms\" | \"suite\": \"xmss\" | UNSUPPORTED_ALGORITHM",
        "\"strengthBits\": 256 | \"strengthBits\": 80 | MALFORMED",
        "\"strengthBits\": 256 | \"strength\": 256 | MALFORMED",
        "\"strengthBits\": 256 | \"strengthBits\": 256, \"until\": 2030 | MALFORMED",
        "\"deprecatedAfter\": \"2030 | \"deprecatedAfter\": \"2036 | MALFORMED",
        "\"deprecatedAfter\": \"2030-12-31T23:59:59Z | \"deprecatedAfter\": \"2030 | MALFORMED",
        "\"schema\": 1 | \"schema\": 2 | UNSUPPORTED_VERSION"
      })
  void aTableThatIsNotSoundIsRefused(String right, String wrong, Reason reason) throws Exception {
    assertThat(table()).contains(right);
    byte[] json = table().replace(right, wrong).getBytes(UTF_8);
    assertRefused(reason, () -> SuiteTable.read(json));
  }

  @Test
  void aSuiteThatStandsTwiceIsRefused() throws Exception {
    String row = "{\"suite\": \"hss-lms\", \"strengthBits\": 192}";
    assertThat(table()).contains(row);
    byte[] json = table().replace(row, row + ", " + row).getBytes(UTF_8);
    assertThat(assertRefused(Reason.MALFORMED, () -> SuiteTable.read(json)))
        .hasMessageContaining("twice");
  }

  @Test
  void aSuiteMayBeDeprecatedBeforeItsEndIsKnown() throws Exception {
    String row = "\"ml-dsa-44\", \"strengthBits\": 128";
    assertThat(table()).contains(row);
    String other = row + ", \"deprecatedAfter\": \"2040-12-31T23:59:59Z\"";
    byte[] json = table().replace(row, other).getBytes(UTF_8);
    SuiteTable.Row read =
        Objects.requireNonNull(SuiteTable.read(json).get(SignatureSuite.ML_DSA_44));
    assertThat(read.deprecatedAfter()).hasValue(Instant.parse("2040-12-31T23:59:59Z"));
    assertThat(read.disallowedAfter()).isEmpty();
  }

  @Test
  void aTableWithoutARowForEverySuiteIsRefused() throws Exception {
    byte[] json = table().replaceAll(",\\s*\\{\"suite\": \"hss-lms\"[^}]*}", "").getBytes(UTF_8);
    assertThat(assertRefused(Reason.MALFORMED, () -> SuiteTable.read(json)))
        .hasMessageContaining("hss-lms");
  }
}
