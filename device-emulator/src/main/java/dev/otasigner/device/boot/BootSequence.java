package dev.otasigner.device.boot;

import dev.otasigner.device.boot.BootStatus.Outcome;
import dev.otasigner.device.boot.BootStatus.Phase;
import dev.otasigner.device.boot.BootStatus.Result;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.mcuboot.BootCheck;
import dev.otasigner.verifier.mcuboot.BootedImage;
import dev.otasigner.verifier.mcuboot.McubootImage;
import dev.otasigner.verifier.policy.BootloaderComponent;
import java.io.IOException;
import java.util.Optional;

/** What the bootloader does at a reset. */
public final class BootSequence {
  private final BootMemory memory;
  private final Mailbox mailbox;
  private final FlashRegion mailboxRegion;
  private final FlashRegion primary;
  private final FlashRegion secondary;
  private final SlotSwap swap;

  private BootSequence(Flash flash) throws IOException {
    memory = BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER));
    mailboxRegion = flash.region(Region.MAILBOX);
    mailbox = Mailbox.open(mailboxRegion);
    primary = flash.region(Region.PRIMARY);
    secondary = flash.region(Region.SECONDARY);
    swap = new SlotSwap(primary, secondary, flash.region(Region.SCRATCH));
  }

  /**
   * Brings the slots to where they belong and says which image runs.
   *
   * @throws UnbootableException when none does
   */
  public static BootReport reset(Flash flash) throws IOException {
    return new BootSequence(flash).reset();
  }

  private BootReport reset() throws IOException {
    BootStatus status = memory.status();
    status =
        switch (status.phase()) {
          case STEADY -> consider(status);
          case SWAPPING -> finishSwap(status);
          case TRIAL ->
              mailbox.isConfirmed(status.attempt()) || !canGoBack(status)
                  ? commit(status)
                  : revert(status);
          case REVERTING -> finishRevert(status);
        };
    if (status.phase() == Phase.TRIAL) {
      try {
        return report(status);
      } catch (RejectedException e) {
        status = revert(status, e);
      }
    }
    try {
      return report(status);
    } catch (RejectedException e) {
      throw new UnbootableException(e);
    }
  }

  /** Boots what is in the primary slot, under every anchor that counts at the moment. */
  private BootReport report(BootStatus status) throws IOException, RejectedException {
    ByteSource image = primary.source(status.primaryBytes());
    return new BootReport(status, judge(image, memory.bootloader()).map(BootedImage::version));
  }

  /** A bootloader without anchors checks nothing; its images are proven by their manifests only. */
  private Optional<BootedImage> judge(ByteSource image, Bootloader bootloader)
      throws IOException, RejectedException {
    return bootloader.accepted().isEmpty()
        ? Optional.empty()
        : Optional.of(BootCheck.judge(image, bootloader, memory.counter()));
  }

  private BootStatus consider(BootStatus status) throws IOException {
    Optional<Mailbox.Request> wish = mailbox.requestAfter(status.attempt());
    if (wish.isEmpty()) {
      return status;
    }
    Mailbox.Request request = wish.get();
    Optional<Bootloader> next;
    try {
      next = judge(request);
    } catch (RejectedException e) {
      BootStatus refused = status.ended(Outcome.failed(request.attempt(), Result.REFUSED, e));
      memory.save(refused);
      return refused;
    }
    BootStatus swapping =
        status.withSecondary(request.imageBytes()).starting(Phase.SWAPPING, request.attempt());
    memory.beginSwap(swapping, next);
    return finishSwap(swapping);
  }

  /** The new bootloader that comes with it, once it and the image are found good. */
  private Optional<Bootloader> judge(Mailbox.Request request)
      throws IOException, RejectedException {
    if (request.imageBytes() < 1 || request.imageBytes() > secondary.lengthBytes()) {
      throw new RejectedException(Reason.IMAGE_TOO_LARGE, "no image of this length is in the slot");
    }
    Bootloader present = memory.present();
    Optional<Bootloader> next = Optional.empty();
    Bootloader onTrial = present;
    if (request.component().isPresent()) {
      Bootloader brought = open(request.component().get(), present);
      next = Optional.of(brought);
      onTrial = BootMemory.withTrial(present, brought.anchors());
    }
    ByteSource image = secondary.source(request.imageBytes());
    judge(image, onTrial);
    if (next.isPresent()) {
      // Once it is confirmed, nothing but the new bootloader is there to boot it.
      judge(image, next.get());
    }
    return next;
  }

  /** A component counts only when the present anchors, and no others, vouch for it. */
  private Bootloader open(Bytes component, Bootloader present)
      throws IOException, RejectedException {
    if (!present.updatable()) {
      throw new RejectedException(
          Reason.BOOTLOADER_FIXED, "bootloader " + present.id() + " can never change");
    }
    ByteSource file = ByteSource.of(component.toByteArray());
    try {
      BootCheck.judge(file, present, memory.counter());
      byte[] payload = McubootImage.read(file).payload(file).readAll(DeviceState.MAX_BYTES);
      Bootloader next = Bootloader.read(JsonReader.readObject(payload, DeviceState.MAX_BYTES));
      BootloaderComponent.requireAsStrict(present, next);
      if (next.slotBytes() != present.slotBytes() || !next.trialAnchors().isEmpty()) {
        throw new RejectedException(
            Reason.BOOTLOADER_COMPONENT, "made for another division of the flash");
      }
      return next;
    } catch (RejectedException e) {
      throw e.in("bootloader component").as(Reason.BOOTLOADER_COMPONENT);
    }
  }

  /**
   * Whether the image to go back to boots. One that does not is worse than one that boots and has
   * not confirmed itself.
   */
  private boolean canGoBack(BootStatus status) throws IOException {
    try {
      judge(secondary.source(status.secondaryBytes()), memory.present());
      return true;
    } catch (RejectedException e) {
      return !boots(status);
    }
  }

  private boolean boots(BootStatus status) throws IOException {
    try {
      report(status);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  private BootStatus finishSwap(BootStatus status) throws IOException {
    swap.run(status, memory);
    // Only the image on trial confirms itself: what stands there already came from the one before.
    Mailbox.clear(mailboxRegion);
    BootStatus trial = status.exchanged(Phase.TRIAL);
    memory.save(trial);
    return trial;
  }

  private BootStatus commit(BootStatus status) throws IOException {
    BootStatus steady = status.ended(Outcome.confirmed(status.attempt()));
    try {
      Optional<BootedImage> image =
          judge(primary.source(status.primaryBytes()), memory.bootloader());
      // The counter first: a cut in between leads here again, and never to a revert.
      if (image.isPresent() && image.get().securityCounter().isPresent()) {
        memory.raiseCounter(image.get().securityCounter().getAsLong());
      }
    } catch (RejectedException e) {
      throw new UnbootableException(e);
    }
    memory.commit(steady);
    return steady;
  }

  private BootStatus revert(BootStatus status) throws IOException {
    return revert(
        status, new RejectedException(Reason.NOT_CONFIRMED, "the image did not confirm itself"));
  }

  private BootStatus revert(BootStatus status, RejectedException why) throws IOException {
    Outcome outcome = Outcome.failed(status.attempt(), Result.REVERTED, why);
    BootStatus reverting =
        new BootStatus(
            Phase.REVERTING,
            status.attempt(),
            status.primaryBytes(),
            status.secondaryBytes(),
            Optional.of(outcome));
    memory.beginSwap(reverting, Optional.empty());
    return finishRevert(reverting);
  }

  private BootStatus finishRevert(BootStatus status) throws IOException {
    swap.run(status, memory);
    BootStatus steady = status.exchanged(Phase.STEADY);
    memory.rollBack(steady);
    return steady;
  }
}
