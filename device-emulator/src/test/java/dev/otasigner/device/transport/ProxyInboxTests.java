package dev.otasigner.device.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A setting that waits for a device whose flash has no room for it. */
class ProxyInboxTests {
  private static final HttpProxy SETTING = new HttpProxy("proxy.example", 8080, Optional.empty());

  /** What the device keeps; nothing more fits. */
  private static final class Full implements NetworkMemory {
    private Optional<HttpProxy> kept = Optional.empty();
    private boolean isFull = true;

    @Override
    public Optional<HttpProxy> proxy() {
      return kept;
    }

    @Override
    public void saveProxy(Optional<HttpProxy> proxy) throws IOException {
      if (isFull) {
        FlashStore.open(Flash.inMemory(FlashLayout.forSlots(1 << 20)).region(Region.COUNTER))
            .put("proxy", new byte[5000]);
      }
      kept = proxy;
    }

    @Override
    public Optional<Worked> worked() {
      return Optional.empty();
    }

    @Override
    public void saveWorked(Worked route) {
      // Forgotten.
    }
  }

  @Test
  void settingThatDoesNotFitCountsAndGoesOnWaiting(@TempDir Path dir) throws IOException {
    ProxyInbox inbox = ProxyInbox.of(dir.resolve("gw.flash"));
    Full memory = new Full();
    inbox.leave(Optional.of(SETTING));
    NetworkMemory device = inbox.before(memory);
    assertThat(device.proxy()).contains(SETTING);
    assertThat(device.proxy()).contains(SETTING);
    assertThat(memory.kept).isEmpty();
    memory.isFull = false;
    assertThat(device.proxy()).contains(SETTING);
    assertThat(memory.kept).contains(SETTING);
    inbox.leave(Optional.empty());
    assertThat(device.proxy()).isEmpty();
  }
}
