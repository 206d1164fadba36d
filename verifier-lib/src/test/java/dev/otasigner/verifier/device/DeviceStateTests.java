package dev.otasigner.verifier.device;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceStateTests {
  private static final String WHOLE =
      new String(TestFleet.device().toJson().canonicalBytes(), UTF_8);

  @Test
  void aStateReadsBackAsItWasWritten() throws Exception {
    DeviceState device = TestFleet.device();
    assertThat(DeviceState.read(device.toJson().canonicalBytes())).isEqualTo(device);
  }

  @Test
  void aBootloaderOnTrialReadsBackWithItsTrialAnchors() throws Exception {
    TestKey old = TestFleet.OLD_IMAGE_KEY;
    TestKey next = TestKey.of(SignatureSuite.ECDSA_P384_SHA384);
    Bootloader trying =
        new Bootloader(
            "boot-1",
            List.of(old.bootAnchor()),
            List.of(next.bootAnchor(), old.bootAnchor()),
            false,
            false,
            false,
            Bootloader.KeyTlv.PUBKEY,
            1);
    DeviceState state = TestFleet.device(trying, TestFleet.factoryProfile().read());
    DeviceState read = DeviceState.read(state.toJson().canonicalBytes());
    assertThat(read.bootloader()).isEqualTo(trying);
    assertThat(read.bootloader().accepted()).containsExactly(old.bootAnchor(), next.bootAnchor());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schema",
        "deviceId",
        "product",
        "hardware",
        "channel",
        "clock",
        "bootloader",
        "running",
        "components",
        "securityCounter",
        "lineage",
        "rootVersion",
        "clientCert",
        "anchors",
        "trialAnchors",
        "allowList",
        "rollbackProtection",
        "updatable",
        "keyTlv",
        "slotBytes"
      })
  void aFieldThatIsMissingIsRefused(String field) {
    String without = WHOLE.replace("\"" + field + "\":", "\"no-" + field + "\":");
    assertThat(without).isNotEqualTo(WHOLE);
    assertRefused(Reason.MALFORMED, () -> DeviceState.read(without.getBytes(UTF_8)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"keyTlv\":\"keyhash\"|\"keyTlv\":\"keyHash\"",
        "\"class\":\"none\"|\"class\":\"sundial\"",
        "\"keyType\":\"rsa-2048\"|\"keyType\":\"rsa-1024\"",
        "\"slotBytes\":131072|\"slotBytes\":0",
        "\"securityCounter\":5|\"securityCounter\":-1",
        "\"updatable\":true|\"updatable\":1"
      })
  void aValueOutOfItsRangeOrFormIsRefused(String from, String to) {
    assertThat(WHOLE).contains(from);
    String changed = WHOLE.replace(from, to);
    assertRefused(Reason.MALFORMED, () -> DeviceState.read(changed.getBytes(UTF_8)));
  }

  @Test
  void aStateOfMoreComponentsThanTheLimitIsRefused() throws Exception {
    assertThat(DeviceState.read(withComponents(64)).components()).hasSize(64);
    assertRefused(Reason.MALFORMED, () -> DeviceState.read(withComponents(65)));
  }

  private static byte[] withComponents(int count) {
    String listed =
        IntStream.range(0, count)
            .mapToObj(n -> "\"c" + n + "\":\"1.0.0+0\"")
            .collect(Collectors.joining(","));
    return WHOLE.replace("\"modem\":\"2.1.0+0\"", listed).getBytes(UTF_8);
  }

  @Test
  void aStateOverItsLimitIsRefused() {
    assertRefused(
        Reason.LIMIT_EXCEEDED, () -> DeviceState.read(new byte[DeviceState.MAX_BYTES + 1]));
  }
}
