package dev.otasigner.device.agent;

import dev.otasigner.device.boot.BootMemory;
import dev.otasigner.device.boot.BootStatus;
import dev.otasigner.device.boot.Mailbox;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.io.IOException;
import java.security.cert.X509Certificate;

/**
 * The flash as the operating system gets it: its own documents, the mailbox and the secondary slot
 * to write, boot trust only to read.
 */
public record OsFlash(
    AgentStore store, Mailbox mailbox, FlashRegion secondary, BootMemory bootMemory) {

  public static OsFlash of(Flash flash) throws IOException {
    BootMemory memory =
        BootMemory.open(region(flash, Region.BOOTLOADER), region(flash, Region.COUNTER));
    FlashRegion secondary = region(flash, Region.SECONDARY);
    // While an image is on trial, the one to go back to lies there.
    boolean isTrial = memory.status().phase() == BootStatus.Phase.TRIAL;
    return new OsFlash(
        AgentStore.open(region(flash, Region.AGENT)),
        Mailbox.open(region(flash, Region.MAILBOX)),
        isTrial ? secondary.locked() : secondary,
        memory);
  }

  /**
   * A region as the bootloader leaves it to the operating system: what is not its own is locked.
   */
  static FlashRegion region(Flash flash, Region region) {
    return switch (region) {
      case MAILBOX, SECONDARY, AGENT -> flash.region(region);
      case BOOTLOADER, COUNTER, PRIMARY, SCRATCH -> flash.region(region).locked();
    };
  }

  /** The profile of the build that runs. */
  public Profile runningProfile() throws IOException {
    return store.profile(store.state().running().profile());
  }

  /** All that the judgement depends on, each part from whoever keeps it. */
  public DeviceState state() throws IOException {
    DeviceState kept = store.state();
    X509Certificate certificate = store.identity().certificate();
    return new DeviceState(
        kept.deviceId(),
        kept.product(),
        kept.hardware(),
        kept.channel(),
        kept.clock(),
        bootMemory.bootloader(),
        kept.running(),
        kept.components(),
        bootMemory.counter(),
        kept.lineage(),
        kept.rootVersion(),
        new DeviceState.ClientCert(
            ClientKeys.typeOf(certificate.getPublicKey()).orElse(kept.clientCert().keyType()),
            certificate.getNotAfter().toInstant()));
  }
}
