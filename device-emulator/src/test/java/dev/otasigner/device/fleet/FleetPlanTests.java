package dev.otasigner.device.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FleetPlanTests {
  private static final String PLAN =
      """
      {"schema": 1, "product": "router", "seed": 7, "concurrency": 8, "pollSeconds": 60,
       "ports": {"993": 10993},
       "cohorts": [
         {"name": "old", "count": 3, "hardware": "gw-1", "revision": "a", "bootloader": "boot-1",
          "build": "34.11", "channel": "stable", "clock": "none", "idPrefix": "old-",
          "faultsPerMille": {"cut": 10, "reset": 20}},
         {"name": "new", "count": 2, "hardware": "gw-1", "revision": "a", "bootloader": "boot-1",
          "build": "34.12", "channel": "beta", "idPrefix": "new-"}]}
      """;

  @Test
  void everyMemberIsRead() throws RejectedException {
    FleetPlan plan = read(PLAN);
    assertThat(plan.product()).isEqualTo("router");
    assertThat(plan.seed()).isEqualTo(7);
    assertThat(plan.concurrency()).isEqualTo(8);
    assertThat(plan.pollInterval()).isEqualTo(Duration.ofMinutes(1));
    assertThat(plan.ports()).isEqualTo(Map.of(993, 10993));
    assertThat(plan.devices()).isEqualTo(5);
    FleetPlan.Cohort old = plan.cohorts().get(0);
    assertThat(old.deviceId(3)).isEqualTo("old-00003");
    assertThat(old.clock()).isEqualTo(ClockClass.NONE);
    assertThat(old.faults()).contains(new FaultRates(0.01, 0.02, 0, 0));
    assertThat(old.build()).hasToString("34.11.0+0");
    assertThat(plan.cohorts().get(1).faults()).isEmpty();
    assertThat(plan.cohorts().get(1).clock()).isEqualTo(ClockClass.RTC);
  }

  @Test
  void whatIsMisspeltIsNotIgnored() {
    refuses(PLAN.replace("\"seed\"", "\"sede\""), "sede");
    refuses(PLAN.replace("\"clock\"", "\"clok\""), "cohorts[0].clok");
    refuses(PLAN.replace("\"cut\"", "\"cuts\""), "cohorts[0].faultsPerMille.cuts");
  }

  @Test
  void anotherSchemaIsRefused() {
    assertThatThrownBy(() -> read(PLAN.replace("\"schema\": 1", "\"schema\": 2")))
        .isInstanceOfSatisfying(
            RejectedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.UNSUPPORTED_VERSION));
  }

  @Test
  void tooManyDevicesAreRefused() {
    refuses(PLAN.replace("\"count\": 3", "\"count\": 19999"), "at most 20000 devices");
    refuses(PLAN.replace("\"count\": 3", "\"count\": 20001"), "cohorts[0].count");
  }

  @Test
  void twoCohortsWithOneDeviceAreRefused() {
    refuses(PLAN.replace("\"new-\"", "\"old-\""), "two cohorts have a device old-00001");
  }

  @Test
  void twoCohortsOfOneNameAreRefused() {
    refuses(PLAN.replace("\"new\"", "\"old\""), "two cohorts are called old");
  }

  @Test
  void concurrencyHasItsBounds() {
    refuses(PLAN.replace("\"concurrency\": 8", "\"concurrency\": 0"), "concurrency");
    refuses(PLAN.replace("\"concurrency\": 8", "\"concurrency\": 257"), "concurrency");
  }

  @Test
  void aDeviceIdThatWouldLeaveTheFlashDirectoryIsRefused() {
    refuses(PLAN.replace("\"old-\"", "\"../old-\""), "idPrefix");
    refuses(PLAN.replace("\"old-\"", "\"\""), "idPrefix");
  }

  @Test
  void aRateOverAllIsRefused() {
    refuses(PLAN.replace("\"cut\": 10", "\"cut\": 1001"), "cohorts[0].faultsPerMille.cut");
  }

  @Test
  void whatIsNoPortIsRefused() {
    refuses(PLAN.replace("\"993\"", "\"65536\""), "ports.65536");
    refuses(PLAN.replace("10993", "0"), "ports.993");
  }

  private static FleetPlan read(String json) throws RejectedException {
    return FleetPlan.read(json.getBytes(StandardCharsets.UTF_8));
  }

  private static void refuses(String json, String where) {
    assertThatThrownBy(() -> read(json))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining(where);
  }
}
