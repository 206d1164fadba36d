package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** An image's structure as a document for people and programs; none of it has been verified. */
final class ImageJson {
  private static final int MAX_VALUE_SHOWN = 64;
  private static final int DEPENDENCY_BYTES = 12;

  private ImageJson() {}

  static Json.Obj of(McubootImage image) {
    McubootHeader header = image.header();
    List<Json> flags = new ArrayList<>();
    header.flagNames().forEach(name -> flags.add(new Json.Str(name)));
    List<Json> tlvs = new ArrayList<>();
    image.tlvs().forEach(tlv -> tlvs.add(tlv(tlv)));
    return Json.object()
        .put("format", "mcuboot")
        .put("length", image.lengthBytes())
        .put("version", header.version().toString())
        .put("loadAddress", header.loadAddress())
        .put("flags", flags)
        .put("headerSize", header.headerBytes())
        .put("payloadSize", header.payloadBytes())
        .put("protectedTlvSize", header.protectedTlvBytes())
        .put("signedSize", image.signedBytes())
        .put("end", image.endOffset())
        .put("behind", image.lengthBytes() - image.endOffset())
        .put("pure", BootBuild.isMarkedPure(image))
        .put("signers", signers(image))
        .put("tlvs", tlvs)
        .build();
  }

  private static Json.Obj tlv(Tlv tlv) {
    int length = tlv.value().length();
    Json.Builder json =
        Json.object()
            .put("offset", tlv.offset())
            .put("area", tlv.area().name().toLowerCase(Locale.ROOT))
            .put("type", tlv.type())
            .put("name", tlv.name())
            .put("length", length);
    if (length <= MAX_VALUE_SHOWN) {
      json.put("value", tlv.value().hex());
    }
    reading(tlv).ifPresent(text -> json.put("reading", text));
    return json.build();
  }

  /** The value in words, where it has the form that its type asks for. */
  private static Optional<String> reading(Tlv tlv) {
    byte[] value = tlv.value().toByteArray();
    if (tlv.type() == TlvType.SEC_CNT && value.length == 4) {
      return Optional.of(Long.toString(LittleEndian.u32(value, 0)));
    }
    if (tlv.type() == TlvType.DEPENDENCY && value.length == DEPENDENCY_BYTES) {
      return Optional.of(
          "image "
              + LittleEndian.u8(value, 0)
              + " at least "
              + LittleEndian.version(value, DEPENDENCY_BYTES - 8));
    }
    return Optional.empty();
  }

  /** Each signature with the name that stands before it, as bootloaders pair them. */
  private static List<Json> signers(McubootImage image) {
    List<Json> signers = new ArrayList<>();
    Optional<Tlv> name = Optional.empty();
    for (Tlv tlv : image.tlvs()) {
      if (tlv.type() == TlvType.KEYHASH || tlv.type() == TlvType.PUBKEY) {
        name = Optional.of(tlv);
      } else if (TlvType.isSignature(tlv.type())) {
        signers.add(
            Json.object()
                .put("signature", tlv.name())
                .put("namedBy", name.map(Tlv::name).orElse(null))
                .put("key", name.map(n -> n.value().hex()).orElse(null))
                .build());
        name = Optional.empty();
      }
    }
    return signers;
  }
}
