package dev.otasigner.cli.approvals;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest.Hardware;
import dev.otasigner.verifier.manifest.Manifest.Requirement;
import dev.otasigner.verifier.manifest.VersionRange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
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
    List<Requirement> requires) {
  private static final int MAX_LIST = 32;

  /** Variants and bootloader are filled in after signing and are no part of what is approved. */
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

  Draft {
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
    for (String name : fields.names()) {
      if (!KNOWN.contains(name)) {
        throw new RejectedException(
            Reason.MALFORMED, "the manifest has a member that this program does not know: " + name);
      }
    }
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
        requires);
  }

  List<String> hardwareIds() {
    return hardware.stream().map(Hardware::id).toList();
  }
}
