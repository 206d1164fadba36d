package dev.otasigner.device.enrol;

import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.Optional;

/**
 * A factory's line for devices of one kind: the build that they get is fetched and checked once,
 * and written into each. For one device, {@link Enrolment#enrol} does the same.
 *
 * <p>Several threads may make devices on one line, each with a connection of its own.
 */
public final class FactoryLine {
  private final NewDevice kind;
  private final FactoryFiles files;
  private final Flash master;
  private final long imageBytes;

  private FactoryLine(NewDevice kind, FactoryFiles files, Flash master, long imageBytes) {
    this.kind = kind;
    this.files = files;
    this.master = master;
    this.imageBytes = imageBytes;
  }

  /**
   * Fetches what devices of this kind get.
   *
   * @param server the enrolment listener
   * @param kind any of them
   * @throws RejectedException when the build's files do not fit each other, or do not boot
   */
  public static FactoryLine open(Server server, NewDevice kind)
      throws IOException, RejectedException {
    FactoryFiles files = FactoryFiles.fetch(server, kind);
    Flash master = Flash.inMemory(FlashLayout.compact(files.bootloader().slotBytes()));
    long imageBytes = files.writeImage(master.region(Region.PRIMARY));
    return new FactoryLine(kind, files, master, imageBytes);
  }

  /** The kind of key that a device of this kind has to have. */
  public ClientKeyType clientKey() {
    return files.profile().tls().clientKey();
  }

  /**
   * Makes a device in memory and enrols it. What it has in common with the others of the line takes
   * room once.
   *
   * @param keys the device's own, or empty when it was born with them or may make them here; the
   *     same once more when the answer was lost, since a secret never enrols a second key
   */
  public Flash make(Server server, NewDevice device, Credential credential, Optional<KeyPair> keys)
      throws IOException, RejectedException {
    requireKind(device);
    KeyPair own =
        credential
            .bornKey(clientKey())
            .or(() -> keys)
            .orElseGet(() -> ClientKeys.generate(clientKey()));
    Flash flash = master.copy(PowerSupply.MAINS);
    Enrolment.finish(server, device, credential, files, own, flash, imageBytes);
    return flash;
  }

  /** Makes a device in a file, as {@link Enrolment#enrol} does. */
  public DeviceState make(Server server, NewDevice device, Credential credential, Path target)
      throws IOException, RejectedException {
    requireKind(device);
    return Enrolment.enrol(
        server,
        device,
        credential,
        files,
        master.layout(),
        slot -> {
          int sector = slot.sectorBytes();
          for (long at = 0; at < imageBytes; at += sector) {
            slot.write(at, master.region(Region.PRIMARY).read(at, sector));
          }
          return imageBytes;
        },
        target);
  }

  private void requireKind(NewDevice device) {
    if (!device.product().equals(kind.product())
        || !device.hardware().equals(kind.hardware())
        || !device.bootloader().equals(kind.bootloader())
        || !device.build().equals(kind.build())) {
      throw new IllegalArgumentException(
          device.deviceId() + " is of another kind than the devices of this line");
    }
  }
}
