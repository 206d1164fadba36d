package dev.otasigner.verifier.policy;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.BootCheck;
import dev.otasigner.verifier.mcuboot.McubootImage;
import java.io.IOException;
import java.util.Objects;

/**
 * A new bootloader on its way to a device: an MCUboot image that the present bootloader boots,
 * whose payload is the new bootloader's description in canonical JSON. The bootloader installs it
 * itself; the manifest binds its bytes, so an old component cannot be played back.
 */
public final class BootloaderComponent {
  /** Of a component's file. Sixteen anchors and their keys take a fraction of it. */
  public static final int MAX_BYTES = 256 * 1024;

  private BootloaderComponent() {}

  /**
   * The payload that the assembler is given to make a component.
   *
   * @throws IllegalArgumentException when the bootloader has anchors on trial
   */
  public static ByteSource payload(Bootloader next) {
    if (!next.trialAnchors().isEmpty()) {
      throw new IllegalArgumentException("a component carries no anchors on trial");
    }
    return ByteSource.of(next.toJson().canonicalBytes());
  }

  /**
   * What a manifest states of a component's file.
   *
   * @param file the whole file, signed
   */
  public static Manifest.BootloaderComponent stated(Bootloader next, byte[] file) {
    return new Manifest.BootloaderComponent(
        next.id(), file.length, Digest.of(file), next.anchors());
  }

  /**
   * The bootloader that {@code file} brings, once it is the one the manifest states and the present
   * bootloader would install it.
   *
   * @param installed on the device
   * @param deviceCounter its security counter
   * @param stated by a manifest whose signatures have been checked
   * @param file at most {@link #MAX_BYTES}, read once and held in memory
   * @throws RejectedException BOOTLOADER_COMPONENT, whatever is wrong with it; what it was is the
   *     cause
   * @throws IOException when it cannot be read, which is no refusal
   */
  public static Bootloader judge(
      Bootloader installed,
      long deviceCounter,
      Manifest.BootloaderComponent stated,
      ByteSource file)
      throws RejectedException, IOException {
    try {
      // Held in memory: what was checked and what is read are then the same bytes.
      byte[] bytes = file.readAll(MAX_BYTES);
      requireSame("length", stated.lengthBytes(), (long) bytes.length);
      requireSame("digest", stated.sha256(), Digest.of(bytes));
      ByteSource exact = ByteSource.of(bytes);
      Bootloader present = ImageCheck.committed(installed);
      BootCheck.judge(exact, present, deviceCounter);
      Bootloader next = read(exact);
      requireSame("id", stated.id(), next.id());
      requireSame("anchors", stated.anchors(), next.anchors());
      requireSame("anchors on trial", 0, next.trialAnchors().size());
      requireAsStrict(present, next);
      // The slots lie where they lie: a bootloader that divides the flash otherwise would boot
      // neither image.
      requireSame("slot size", present.slotBytes(), next.slotBytes());
      return next;
    } catch (RejectedException e) {
      throw e.in("bootloader component " + stated.id()).as(Reason.BOOTLOADER_COMPONENT);
    }
  }

  /**
   * Demands that the new bootloader checks what the present one checks: an old component, signed by
   * the same key, would else take the protection away again.
   *
   * @throws RejectedException BOOTLOADER_COMPONENT
   */
  public static void requireAsStrict(Bootloader present, Bootloader next) throws RejectedException {
    if (present.rollbackProtection() && !next.rollbackProtection()
        || present.allowList() && !next.allowList()) {
      throw new RejectedException(
          Reason.BOOTLOADER_COMPONENT,
          "bootloader " + next.id() + " checks less than bootloader " + present.id());
    }
  }

  private static Bootloader read(ByteSource file) throws RejectedException, IOException {
    byte[] payload = McubootImage.read(file).payload(file).readAll(MAX_BYTES);
    return Bootloader.read(JsonReader.readObject(payload, MAX_BYTES));
  }

  private static void requireSame(String what, Object expected, Object actual)
      throws RejectedException {
    if (!Objects.equals(expected, actual)) {
      throw new RejectedException(Reason.BOOTLOADER_COMPONENT, what, expected, actual);
    }
  }
}
