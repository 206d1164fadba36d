package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.device.ClientKeyType;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListenerValveTests {
  private static final TlsPolicy TLS =
      new TlsPolicy(
          List.of("TLSv1.3"), List.of("TLS_AES_256_GCM_SHA384"), List.of(), ClientKeyType.P_384);

  private static boolean management(String path) {
    return ListenerValve.isServed(Optional.empty(), path);
  }

  private static boolean on(ListenerKind kind, String path) {
    return ListenerValve.isServed(
        Optional.of(
            new OpenListener(
                new ListenerSpec("any", 2000, kind, TLS), 2000, Instant.EPOCH, Optional.empty())),
        path);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/device/v1/renew",
        "/device/v1/checkin",
        "/gadget/main/metadata/timestamp.json",
        "/gadget/main/targets/stable/board/abc.head.json"
      })
  void devicePathsAreServedOnDeviceListenersOnly(String path) {
    assertThat(on(ListenerKind.DEVICE, path)).isTrue();
    assertThat(on(ListenerKind.ENROL, path)).isFalse();
    assertThat(management(path)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/device/v1/enrol", "/device/v1/factory/gadget/34.11/board/image"})
  void enrolmentIsServedOnEnrolmentListenersOnly(String path) {
    assertThat(on(ListenerKind.ENROL, path)).isTrue();
    assertThat(on(ListenerKind.DEVICE, path)).isFalse();
    assertThat(management(path)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v1/sessions",
        "/actuator/health",
        "/catalogue/gadget/main/metadata/timestamp.json",
        "/api/main/metadata/x",
        "/actuator/main/targets/x",
        "/catalogue/main/metadata/x"
      })
  void administrationIsServedOnTheManagementPortOnly(String path) {
    assertThat(management(path)).isTrue();
    assertThat(on(ListenerKind.DEVICE, path)).isFalse();
    assertThat(on(ListenerKind.ENROL, path)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/",
        "/device/v1/checkin/",
        "/device/v2/checkin",
        "/gadget/main/secrets/x",
        "/gadget/metadata/x",
        "/GADGET/main/metadata/x",
        "/device/main/metadata/x",
        "/error"
      })
  void anythingElseIsServedNowhere(String path) {
    assertThat(management(path)).isFalse();
    assertThat(on(ListenerKind.DEVICE, path)).isFalse();
    assertThat(on(ListenerKind.ENROL, path)).isFalse();
  }

  @Test
  void portBelow1024IsMovedUnlessRoot() {
    assertThat(new PortRule(false).bound(993)).isEqualTo(10_993);
    assertThat(new PortRule(false).bound(1023)).isEqualTo(11_023);
    assertThat(new PortRule(false).bound(1024)).isEqualTo(1024);
    assertThat(new PortRule(true).bound(993)).isEqualTo(993);
  }
}
