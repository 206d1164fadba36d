package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.manifest.VersionRange;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;

/**
 * What a request asks for. Keys are still names or identifiers here; the policy resolves them.
 *
 * @param payload a stored payload to be assembled into images, or the image itself when finished
 * @param finished the payload is an image signed elsewhere; only a manifest is made for it
 * @param imageKeys sign the image; empty for a format that carries no signature
 * @param manifestKeys sign the manifest, at least one
 * @param profile the profile the build brings
 * @param bootloader a registered bootloader that the build brings as a component
 * @param emergency why rules of the product's maker should be broken, for more approvers to read
 */
record RequestSpec(
    ImageVersion version,
    long securityCounter,
    List<Manifest.Hardware> hardware,
    ImageFormat format,
    Digest payload,
    boolean finished,
    List<String> imageKeys,
    List<String> manifestKeys,
    Digest profile,
    List<VersionRange> from,
    List<Manifest.Requirement> requires,
    Optional<String> bootloader,
    Layout layout,
    Optional<String> emergency) {
  private static final int MAX_EMERGENCY = 500;
  static final int MAX_BYTES = 64 * 1024;
  private static final int MAX_LIST = 32;

  /**
   * How the image lies in its slot, in imgtool's words.
   *
   * @param headerBytes from the start of the file to the payload
   * @param slotBytes 0 when no trailer is written and the size is not checked
   * @param align of the slot's trailer
   * @param padHeader the payload brings no room for the header, as by default; imgtool's default is
   *     the other one
   */
  record Layout(
      int headerBytes, long slotBytes, int align, boolean pad, boolean confirm, boolean padHeader) {

    /** imgtool's defaults, for a payload that brings no room for the header. */
    static final Layout USUAL = new Layout(0x200, 0, 1, false, false, true);

    static Layout read(Fields fields) throws RejectedException {
      Layout layout =
          new Layout(
              (int) integer(fields, "headerSize", 32, 65_532, 0x200),
              integer(fields, "slotSize", 0, 1L << 40, 0),
              (int) integer(fields, "align", 1, 32, 1),
              bool(fields, "pad"),
              bool(fields, "confirm"),
              !fields.has("padHeader") || fields.bool("padHeader"));
      if (Integer.bitCount(layout.align) != 1) {
        throw fields.malformed("align", "1, 2, 4, 8, 16 or 32 is expected");
      }
      if ((layout.pad || layout.confirm) && layout.slotBytes == 0) {
        throw fields.malformed("slotSize", "padding needs the size of the slot");
      }
      return layout;
    }

    private static long integer(Fields fields, String name, long min, long max, long otherwise)
        throws RejectedException {
      return fields.has(name) ? fields.integer(name, min, max) : otherwise;
    }

    private static boolean bool(Fields fields, String name) throws RejectedException {
      return fields.has(name) && fields.bool(name);
    }
  }

  RequestSpec {
    hardware = List.copyOf(hardware);
    imageKeys = List.copyOf(imageKeys);
    manifestKeys = List.copyOf(manifestKeys);
    from = List.copyOf(from);
    requires = List.copyOf(requires);
  }

  static RequestSpec read(Fields fields) throws RejectedException {
    ImageFormat format = fields.oneOf("format", ImageFormat::ofCode, "image format");
    List<Manifest.Hardware> hardware = new ArrayList<>();
    for (Fields item : fields.objects("hardware", MAX_LIST)) {
      hardware.add(new Manifest.Hardware(item.name("id"), item.strings("revisions", MAX_LIST)));
    }
    if (hardware.isEmpty()) {
      throw fields.malformed("hardware", "at least one is expected");
    }
    List<Manifest.Requirement> requires = new ArrayList<>();
    if (fields.has("requires")) {
      for (Fields item : fields.objects("requires", MAX_LIST)) {
        requires.add(new Manifest.Requirement(item.name("component"), typedVersion(item, "min")));
      }
    }
    List<VersionRange> from = new ArrayList<>();
    if (fields.has("from")) {
      for (Fields item : fields.objects("from", VersionRange.MAX_RANGES)) {
        from.add(new VersionRange(typedVersion(item, "min"), typedVersion(item, "max")));
      }
    }
    return new RequestSpec(
        typedVersion(fields, "version"),
        fields.u32("securityCounter"),
        hardware,
        format,
        fields.digest("payload"),
        fields.has("finished") && fields.bool("finished"),
        fields.has("imageKeys") ? keys(fields, "imageKeys") : List.of(),
        keys(fields, "manifestKeys"),
        fields.digest("profile"),
        from,
        requires,
        fields.has("bootloader")
            ? Optional.of(fields.object("bootloader").name("id"))
            : Optional.empty(),
        Layout.read(fields),
        emergency(fields));
  }

  private static Optional<String> emergency(Fields fields) throws RejectedException {
    Optional<String> reason = fields.optionalString("emergency").map(String::strip);
    if (reason.isPresent()
        && (reason.get().isEmpty()
            || reason.get().length() > MAX_EMERGENCY
            || reason.get().chars().anyMatch(Character::isISOControl))) {
      throw fields.malformed(
          "emergency", "a reason of 1 to " + MAX_EMERGENCY + " characters in a line is expected");
    }
    return reason;
  }

  /** A version as a person types it, such as 34.12. */
  private static ImageVersion typedVersion(Fields fields, String name) throws RejectedException {
    try {
      return ImageVersion.parseLenient(fields.string(name));
    } catch (RejectedException e) {
      throw e.in(fields.where(name));
    }
  }

  private static List<String> keys(Fields fields, String name) throws RejectedException {
    List<String> keys = fields.strings(name, MAX_LIST);
    if (new HashSet<>(keys).size() != keys.size()) {
      throw new RejectedException(Reason.MALFORMED, fields.where(name) + ": a key stands twice");
    }
    return keys;
  }

  /** The canonical form: what is stored, and what an idempotency key is compared by. */
  Json.Obj toJson() {
    Json.Builder json =
        Json.object()
            .put("version", version.toString())
            .put("securityCounter", securityCounter)
            .put(
                "hardware",
                hardware.stream()
                    .map(
                        h ->
                            Json.object()
                                .put("id", h.id())
                                .put("revisions", Json.strings(h.revisions()))
                                .build())
                    .toList())
            .put("format", format.code())
            .put("payload", payload)
            .put("imageKeys", Json.strings(imageKeys))
            .put("manifestKeys", Json.strings(manifestKeys))
            .put("profile", profile)
            .put("from", VersionRange.toJson(from))
            .put(
                "requires",
                requires.stream()
                    .map(
                        r ->
                            Json.object()
                                .put("component", r.component())
                                .put("min", r.min().toString())
                                .build())
                    .toList())
            .put("headerSize", layout.headerBytes)
            .put("slotSize", layout.slotBytes)
            .put("align", layout.align)
            .put("pad", layout.pad)
            .put("confirm", layout.confirm)
            .put("padHeader", layout.padHeader);
    if (finished) {
      json.put("finished", true);
    }
    emergency.ifPresent(reason -> json.put("emergency", reason));
    bootloader.ifPresent(id -> json.put("bootloader", Json.object().put("id", id).build()));
    return json.build();
  }
}
