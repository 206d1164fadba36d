package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.device.ClockClass;
import java.io.IOException;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** The agent's store has no room left for anything new. */
class FullStoreTests extends UpdateBench {
  private static void fill(TestDevice device) throws IOException {
    FlashStore store = FlashStore.open(device.flash().region(Region.AGENT));
    int number = 0;
    for (int size = 1 << 19; size >= 32; size /= 2) {
      // What does not fit is halved.
      number += fits(store, "filler/" + number, size) ? 1 : 0;
    }
  }

  private static boolean fits(FlashStore store, String name, int size) throws IOException {
    try {
      store.put(name, new byte[size]);
      return true;
    } catch (FlashFullException e) {
      return false;
    }
  }

  @Test
  void catalogueIsAskedThoughThereIsNoRoomForARenewal() throws IOException {
    service.lineage("first");
    TestDevice device = device(ClockClass.RTC);
    assertThat(device.update(service.dialling())).isInstanceOf(UpToDate.class);
    fill(device);
    // The last third of the certificate's life; the catalogue has long expired.
    device.clock(Instant.parse("2079-06-01T00:00:00Z"));
    UpdateOutcome outcome = device.update(service.dialling());
    assertThat(outcome).isInstanceOf(Refused.class);
    assertThat(((Refused) outcome).reason()).isEqualTo(Reason.METADATA_EXPIRED);
    assertThat(device.steps())
        .anyMatch(s -> s.startsWith("renew not renewed, the agent's store is full"));
  }
}
