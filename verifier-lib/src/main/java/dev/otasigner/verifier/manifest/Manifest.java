package dev.otasigner.verifier.manifest;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a build is and whom it is for: the payload of a DSSE envelope of type {@link #PAYLOAD_TYPE}.
 * Compare the information elements of RFC 9124 section 3.
 *
 * @param product a name of {@link Fields#isName}
 * @param hardware ids with the revisions it runs on; at least one
 * @param version what the image's header carries too
 * @param securityCounter the anti-rollback number it brings, u32
 * @param format of every variant
 * @param built when, to the second: a device without a clock knows that it is not earlier
 * @param variants same payload, other signers or format; at least one, without those of a newer
 *     registry
 * @param profile digest of the profile it brings
 * @param from versions it may be taken from; empty means any
 * @param requires components that must be installed
 * @param bootloader a bootloader component it brings, if any
 */
public record Manifest(
    String product,
    List<Hardware> hardware,
    ImageVersion version,
    long securityCounter,
    ImageFormat format,
    Instant built,
    List<Variant> variants,
    Digest profile,
    List<VersionRange> from,
    List<Requirement> requires,
    Optional<BootloaderComponent> bootloader) {
  /** The DSSE payload type. */
  public static final String PAYLOAD_TYPE = "application/vnd.otasigner.manifest.v1+json";

  /** Of a payload. */
  public static final int MAX_BYTES = 128 * 1024;

  /**
   * The name under which a bootloader component stands in the catalogue: no variant may have it.
   */
  public static final String BOOTLOADER_NAME = "bootloader";

  private static final int MAX_LIST = 32;

  /**
   * Hardware that the build runs on.
   *
   * @param id a name of {@link Fields#isName}
   * @param revisions each as the device states its own
   */
  public record Hardware(String id, List<String> revisions) {
    public Hardware {
      revisions = List.copyOf(revisions);
    }
  }

  /**
   * One signed image file of the build.
   *
   * @param name unlike that of any other variant, and not {@link #BOOTLOADER_NAME}
   * @param lengthBytes of the file
   * @param sha256 of the file
   * @param suite of a key that has signed it; bootloaders go by {@code anchors}
   * @param hash the image hash that its signers share
   * @param pure they signed the image itself
   * @param anchors keys that have signed it
   */
  public record Variant(
      String name,
      long lengthBytes,
      Digest sha256,
      SignatureSuite suite,
      ImageHash hash,
      boolean pure,
      List<Digest> anchors) {
    public Variant {
      anchors = List.copyOf(anchors);
    }
  }

  /**
   * A component that must be installed.
   *
   * @param component its name
   * @param min the lowest version that will do
   */
  public record Requirement(String component, ImageVersion min) {}

  /**
   * A bootloader component; the bootloader installs it itself, under its present anchors.
   *
   * @param id the new bootloader's
   * @param lengthBytes of the component's file
   * @param sha256 of the component's file
   * @param anchors what the new bootloader boots
   */
  public record BootloaderComponent(
      String id, long lengthBytes, Digest sha256, List<BootAnchor> anchors) {
    public BootloaderComponent {
      anchors = List.copyOf(anchors);
    }

    private boolean is(Bootloader present) {
      return id.equals(present.id()) && Set.copyOf(anchors).equals(Set.copyOf(present.anchors()));
    }
  }

  /**
   * The component that a device has to install. One that it has is not installed again: a build may
   * bring it for those that come from further back, and those who have it may be unable to install
   * anything, or trust its signers no more.
   */
  public Optional<BootloaderComponent> componentFor(Bootloader present) {
    return bootloader.filter(component -> !component.is(present));
  }

  public Manifest {
    hardware = List.copyOf(hardware);
    variants = List.copyOf(variants);
    from = List.copyOf(from);
    requires = List.copyOf(requires);
  }

  /**
   * Reads the payload; the signatures are the caller's to check. No list has more than 32 items,
   * that of ranges {@link VersionRange#MAX_RANGES}, that of a bootloader's anchors {@link
   * BootAnchor#MAX_ANCHORS}.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_BYTES} or for a longer list;
   *     UNSUPPORTED_VERSION for another schema; UNSUPPORTED_CRITICAL for any name in {@code
   *     critical}; UNSUPPORTED_ALGORITHM when no variant is of the registry, or a bootloader's
   *     anchor is not; KEYID_MISMATCH for such an anchor; MALFORMED
   */
  public static Manifest read(byte[] payload) throws RejectedException {
    Fields fields = JsonReader.readObject(payload, MAX_BYTES);
    fields.requireSchema(Set.of());
    if (!fields.has("critical")) {
      throw fields.malformed("critical", "the list of what a reader must know is expected");
    }
    List<Hardware> hardware = new ArrayList<>();
    for (Fields item : fields.objects("hardware", MAX_LIST)) {
      hardware.add(new Hardware(item.name("id"), item.strings("revisions", MAX_LIST)));
    }
    List<Variant> variants = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Fields item : fields.objects("variants", MAX_LIST)) {
      if (!names.add(item.name("name"))) {
        throw item.malformed("name", "variant stands twice");
      }
      if (names.contains(BOOTLOADER_NAME)) {
        throw item.malformed("name", "reserved for the bootloader component");
      }
      readVariant(item).ifPresent(variants::add);
    }
    if (hardware.isEmpty() || names.isEmpty()) {
      throw fields.malformed(
          hardware.isEmpty() ? "hardware" : "variants", "at least one is expected");
    }
    if (variants.isEmpty()) {
      throw new RejectedException(
          Reason.UNSUPPORTED_ALGORITHM, "variants: none has a suite and hash of the registry");
    }
    List<Requirement> requires = new ArrayList<>();
    for (Fields item : fields.objects("requires", MAX_LIST)) {
      requires.add(new Requirement(item.name("component"), item.version("min")));
    }
    Optional<BootloaderComponent> bootloader = Optional.empty();
    if (fields.has("bootloader")) {
      Fields b = fields.object("bootloader");
      bootloader =
          Optional.of(
              new BootloaderComponent(
                  b.name("id"),
                  b.integer("length", 1, Long.MAX_VALUE),
                  b.digest("sha256"),
                  BootAnchor.readAll(b, "anchors")));
    }
    return new Manifest(
        fields.name("product"),
        hardware,
        fields.version("version"),
        fields.u32("securityCounter"),
        fields.oneOf("format", ImageFormat::ofCode, "image format"),
        fields.time("built"),
        variants,
        fields.digest("profile"),
        VersionRange.readAll(fields, "from"),
        requires,
        bootloader);
  }

  /** Nothing for a suite or hash of a newer registry: no bootloader that we can judge boots it. */
  private static Optional<Variant> readVariant(Fields item) throws RejectedException {
    SignatureSuite suite = SignatureSuite.ofCode(item.string("suite"));
    ImageHash hash = ImageHash.ofCode(item.string("hash"));
    if (suite == null || hash == null) {
      return Optional.empty();
    }
    return Optional.of(
        new Variant(
            item.name("name"),
            item.integer("length", 1, Long.MAX_VALUE),
            item.digest("sha256"),
            suite,
            hash,
            item.bool("pure"),
            item.digests("anchors", MAX_LIST)));
  }

  /** The form on the wire, as {@link #read} reads it. */
  public Json.Obj toJson() {
    List<Json> hardwareItems = new ArrayList<>();
    for (Hardware h : hardware) {
      hardwareItems.add(
          Json.object().put("id", h.id).put("revisions", Json.strings(h.revisions)).build());
    }
    List<Json> variantItems = new ArrayList<>();
    for (Variant v : variants) {
      variantItems.add(
          Json.object()
              .put("name", v.name)
              .put("length", v.lengthBytes)
              .put("sha256", v.sha256)
              .put("suite", v.suite.code())
              .put("hash", v.hash.code())
              .put("pure", v.pure)
              .put("anchors", Json.strings(v.anchors.stream().map(Digest::hex).toList()))
              .build());
    }
    List<Json> requireItems = new ArrayList<>();
    for (Requirement r : requires) {
      requireItems.add(
          Json.object().put("component", r.component).put("min", r.min.toString()).build());
    }
    Json.Builder json =
        Json.object()
            .put("schema", 1)
            .put("critical", List.of())
            .put("product", product)
            .put("hardware", hardwareItems)
            .put("version", version.toString())
            .put("securityCounter", securityCounter)
            .put("format", format.code())
            .put("built", built)
            .put("variants", variantItems)
            .put("profile", profile)
            .put("from", VersionRange.toJson(from))
            .put("requires", requireItems);
    bootloader.ifPresent(
        b ->
            json.put(
                "bootloader",
                Json.object()
                    .put("id", b.id)
                    .put("length", b.lengthBytes)
                    .put("sha256", b.sha256)
                    .put("anchors", BootAnchor.toJson(b.anchors))
                    .build()));
    return json.build();
  }
}
