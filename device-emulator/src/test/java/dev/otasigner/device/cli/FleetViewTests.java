package dev.otasigner.device.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.fleet.FleetReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FleetViewTests {
  private static final String UP = "\u001b[2A";

  private final StringWriter said = new StringWriter();

  @Test
  void aLineTellsWhoRunsWhatAndWhatHoldsOthersUp() {
    assertThat(FleetView.lines(report(3)))
        .containsExactly(
            "old              7 on 34.11.0+0, 3 on 34.12.0+0; 3 at head, 2 on; held up:"
                + " power-cut 4, unreachable 1",
            "fleet            3 of 10 at head, 0.6 devices/s, 12 handshakes");
  }

  @Test
  void onATerminalTheTableIsDrawnOver() {
    FleetView view = new FleetView(() -> report(3), new PrintWriter(said), true);
    view.draw(report(3));
    assertThat(said.toString()).doesNotContain(UP);
    view.draw(report(4));
    assertThat(said.toString()).containsOnlyOnce(UP).contains("3 of 10", "4 of 10");
  }

  @Test
  void elsewhereOnlyWhatHasChangedIsSaid() {
    FleetView view = new FleetView(() -> report(3), new PrintWriter(said), false);
    view.draw(report(3));
    view.draw(report(3));
    assertThat(said.toString().lines()).hasSize(2);
    view.draw(report(4));
    assertThat(said.toString().lines()).hasSize(4);
    assertThat(said.toString()).doesNotContain("\u001b");
  }

  @Test
  void howItEndedIsSaidEvenWhenItWasOverAtOnce() {
    new FleetView(() -> report(10), new PrintWriter(said), false).start().close();
    assertThat(said.toString()).contains("10 of 10 at head");
  }

  private static FleetReport report(int atHead) {
    return new FleetReport(
        "router",
        1,
        10,
        Duration.ZERO,
        Duration.ofSeconds(5),
        List.of(
            new FleetReport.Cohort(
                "old",
                10,
                Map.of("34.11.0+0", 10 - atHead, "34.12.0+0", atHead),
                Map.of("at-head", atHead),
                Map.of("unreachable", 1, "power-cut", 4),
                2)),
        Map.of(),
        Map.of(),
        Map.of("requests", 99L, "handshake TLSv1.2 X", 5L, "handshake TLSv1.3 Y", 7L),
        10 - atHead,
        List.of());
  }
}
