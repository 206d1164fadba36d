package dev.otasigner.cli.approvals;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest.Hardware;
import dev.otasigner.verifier.manifest.Manifest.Requirement;
import dev.otasigner.verifier.manifest.VersionRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The manifest that will be signed, as far as it is known before its images are. */
record Draft(
    String product,
    List<Hardware> hardware,
    ImageVersion version,
    long securityCounter,
    ImageFormat format,
    Instant built,
    Digest profile,
    List<VersionRange> from,
    List<Requirement> requires,
    List<Image> images,
    Optional<NextBootloader> bootloader) {
  private static final int MAX_LIST = 32;

  private static final Set<String> KNOWN_OF_IMAGE =
      Set.of("name", "suite", "hash", "pure", "anchors", "length", "sha256");

  private static final Set<String> KNOWN_OF_BOOTLOADER =
      Set.of("id", "anchors", "length", "sha256");

  private static final Set<String> KNOWN =
      Set.of(
          "schema",
          "critical",
          "product",
          "hardware",
          "version",
          "securityCounter",
          "format",
          "built",
          "variants",
          "profile",
          "from",
          "requires",
          "bootloader");

  /**
   * One image of the build. Digest and length of its file are settled by its signatures and are no
   * part of what is approved.
   *
   * @param pure its keys sign the image itself rather than its hash
   * @param keys that sign it, or have signed it
   */
  record Image(String name, String suite, ImageHash hash, boolean pure, List<Digest> keys) {
    Image {
      keys = List.copyOf(keys);
    }
  }

  /** The bootloader that the build brings, and what it then boots. */
  record NextBootloader(String id, List<BootAnchor> anchors) {
    NextBootloader {
      anchors = List.copyOf(anchors);
    }
  }

  Draft {
    images = List.copyOf(images);
    hardware = List.copyOf(hardware);
    from = List.copyOf(from);
    requires = List.copyOf(requires);
  }

  /**
   * Reads a draft.
   *
   * @throws RejectedException MALFORMED for a member that this program could not show to whoever
   *     signs it, among others
   */
  static Draft read(Fields fields) throws RejectedException {
    fields.requireSchema(Set.of());
    requireKnown(fields, KNOWN);
    List<Hardware> hardware = new ArrayList<>();
    for (Fields item : fields.objects("hardware", MAX_LIST)) {
      hardware.add(new Hardware(item.name("id"), item.strings("revisions", MAX_LIST)));
    }
    List<Requirement> requires = new ArrayList<>();
    for (Fields item : fields.objects("requires", MAX_LIST)) {
      requires.add(new Requirement(item.name("component"), item.version("min")));
    }
    return new Draft(
        fields.name("product"),
        hardware,
        fields.version("version"),
        fields.u32("securityCounter"),
        fields.oneOf("format", ImageFormat::ofCode, "image format"),
        fields.time("built"),
        fields.digest("profile"),
        VersionRange.readAll(fields, "from"),
        requires,
        images(fields),
        bootloader(fields));
  }

  private static List<Image> images(Fields fields) throws RejectedException {
    List<Image> images = new ArrayList<>();
    for (Fields item : fields.objects("variants", MAX_LIST)) {
      requireKnown(item, KNOWN_OF_IMAGE);
      images.add(
          new Image(
              item.name("name"),
              item.string("suite"),
              item.oneOf("hash", ImageHash::ofCode, "image hash"),
              item.bool("pure"),
              item.digests("anchors", MAX_LIST)));
    }
    return images;
  }

  private static Optional<NextBootloader> bootloader(Fields fields) throws RejectedException {
    if (!fields.has("bootloader")) {
      return Optional.empty();
    }
    Fields next = fields.object("bootloader");
    requireKnown(next, KNOWN_OF_BOOTLOADER);
    return Optional.of(new NextBootloader(next.name("id"), BootAnchor.readAll(next, "anchors")));
  }

  private static void requireKnown(Fields fields, Set<String> known) throws RejectedException {
    for (String name : fields.names()) {
      if (!known.contains(name)) {
        throw new RejectedException(
            Reason.MALFORMED,
            "the manifest has a member that this program does not know: " + fields.where(name));
      }
    }
  }

  List<String> hardwareIds() {
    return hardware.stream().map(Hardware::id).toList();
  }
}
