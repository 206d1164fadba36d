package dev.otasigner.device.enrol;

import dev.otasigner.device.flash.FlashRegion;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.BootCheck;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Set;

/**
 * The documents of a factory build, checked against each other: a device that leaves the factory
 * with a set that does not fit could never be updated.
 */
final class FactoryFiles {
  private static final int MAX_BOOTLOADER = 256 * 1024;

  private final Server server;
  private final NewDevice device;
  private final Bootloader bootloader;
  private final Bytes envelope;
  private final Manifest manifest;
  private final Profile profile;
  private final byte[] root;

  private FactoryFiles(
      Server server,
      NewDevice device,
      Bootloader bootloader,
      Bytes envelope,
      Profile profile,
      byte[] root)
      throws RejectedException {
    this.server = server;
    this.device = device;
    this.bootloader = bootloader;
    this.envelope = envelope;
    this.manifest =
        Manifest.read(
            Envelope.read(envelope.toByteArray()).payloadOf(Manifest.PAYLOAD_TYPE).toByteArray());
    this.profile = profile;
    this.root = root;
  }

  static FactoryFiles fetch(Server server, NewDevice device) throws IOException, RejectedException {
    byte[] bootloader = server.get(path(device, "bootloader"), MAX_BOOTLOADER);
    FactoryFiles files =
        new FactoryFiles(
            server,
            device,
            Bootloader.read(JsonReader.readObject(bootloader, MAX_BOOTLOADER)),
            Bytes.copyOf(server.get(path(device, "manifest"), Envelope.MAX_BYTES)),
            Profile.read(server.get(path(device, "profile"), Profile.MAX_BYTES)),
            server.get(path(device, "root"), TufLimits.COMMON.rootBytes()));
    files.check();
    return files;
  }

  private static String path(NewDevice device, String file) {
    return "/device/v1/factory/"
        + device.product()
        + "/"
        + device.build()
        + "/"
        + device.hardware().id()
        + "/"
        + file
        // A build may have an image file for each kind of bootloader.
        + "?bootloader="
        + device.bootloader();
  }

  private void check() throws RejectedException {
    requireSame(Reason.WRONG_PRODUCT, "product", device.product(), manifest.product());
    requireSame(Reason.MANIFEST_MISMATCH, "version", device.build(), manifest.version());
    requireSame(Reason.PROFILE_UNFIT, "profile", manifest.profile(), profile.digest());
    requireSame(
        Reason.METADATA_DIGEST_MISMATCH,
        "first root of the catalogue",
        profile.lineage().rootSha256(),
        Digest.of(root));
    requireSame(Reason.BOOTLOADER_COMPONENT, "bootloader", device.bootloader(), bootloader.id());
    DeviceState.Hardware here = device.hardware();
    if (manifest.hardware().stream()
        .noneMatch(h -> h.id().equals(here.id()) && h.revisions().contains(here.revision()))) {
      throw new RejectedException(
          Reason.WRONG_HARDWARE, "factory build for other hardware", here, manifest.hardware());
    }
    Set<Digest> signers =
        Envelope.read(envelope.toByteArray())
            .validSigners(profile.anchors().stream().map(Anchor::key).toList());
    if (!profile.rule().isMetBy(signers)) {
      throw new RejectedException(
          Reason.MANIFEST_RULE_NOT_MET,
          "the factory build's own profile would not accept its manifest",
          profile.rule(),
          signers);
    }
  }

  private static void requireSame(Reason reason, String what, Object expected, Object actual)
      throws RejectedException {
    if (!expected.equals(actual)) {
      throw new RejectedException(reason, "factory files: " + what, expected, actual);
    }
  }

  /**
   * Writes the image into a blank slot and has the bootloader judge it.
   *
   * @return its length
   */
  long writeImage(FlashRegion slot) throws IOException, RejectedException {
    MessageDigest hash = Digest.sha256();
    long length = 0;
    Server.Download download = server.download(path(device, "image"), 0);
    try (InputStream body = download.body()) {
      for (byte[] chunk = body.readNBytes(slot.sectorBytes());
          chunk.length > 0;
          chunk = body.readNBytes(slot.sectorBytes())) {
        if (length + chunk.length > slot.lengthBytes()) {
          throw new RejectedException(Reason.IMAGE_TOO_LARGE, "factory image over the slot");
        }
        hash.update(chunk);
        slot.write(length, aligned(slot, chunk));
        length += chunk.length;
      }
    }
    requireVariant(Digest.ofHash(hash.digest()), length);
    if (manifest.format() == ImageFormat.MCUBOOT) {
      BootCheck.judge(slot.source(length), bootloader, manifest.securityCounter());
    }
    return length;
  }

  private void requireVariant(Digest digest, long length) throws RejectedException {
    for (Manifest.Variant variant : manifest.variants()) {
      if (variant.sha256().equals(digest) && variant.lengthBytes() == length) {
        return;
      }
    }
    throw new RejectedException(
        Reason.IMAGE_DIGEST_MISMATCH, "the factory image is not the manifest's");
  }

  private static byte[] aligned(FlashRegion slot, byte[] chunk) {
    int align = slot.writeAlignBytes();
    byte[] aligned = Arrays.copyOf(chunk, (chunk.length + align - 1) / align * align);
    Arrays.fill(aligned, chunk.length, aligned.length, slot.erased());
    return aligned;
  }

  Bootloader bootloader() {
    return bootloader;
  }

  Manifest manifest() {
    return manifest;
  }

  Bytes envelope() {
    return envelope;
  }

  Profile profile() {
    return profile;
  }

  byte[] root() {
    return root.clone();
  }
}
