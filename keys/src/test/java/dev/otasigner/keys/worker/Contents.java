package dev.otasigner.keys.worker;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What keys of each purpose sign, small. */
final class Contents {
  private Contents() {}

  static SigningInput manifest(String product) {
    return SigningInput.message(
        Envelope.toBeSigned(Manifest.PAYLOAD_TYPE, Bytes.copyOf(payload(product, "first"))));
  }

  /** The manifest of a product, with an image of this digest. */
  static byte[] payload(String product, String image) {
    return Json.object()
        .put("schema", 1)
        .put("product", product)
        .put("format", "mcuboot")
        .put("variants", List.of(variant("image", image)))
        .build()
        .textBytes();
  }

  private static Json variant(String name, String image) {
    Digest signed = Digest.of(image.getBytes(StandardCharsets.UTF_8));
    return Json.object().put("name", name).put("sha256", signed).put("length", 100).build();
  }

  /** The same with a bootloader of this id that comes with it. */
  static byte[] withBootloader(String product, String image, String id) {
    return Json.object()
        .put("schema", 1)
        .put("product", product)
        .put("format", "mcuboot")
        .put("variants", List.of(variant("image", image)))
        .put(
            "bootloader",
            Json.object()
                .put("id", id)
                .put("sha256", Digest.of(id.getBytes(StandardCharsets.UTF_8)))
                .put("length", 10)
                .build())
        .build()
        .textBytes();
  }

  /** The same with one image more. */
  static byte[] withSecondImage(String product, String image) {
    return Json.object()
        .put("schema", 1)
        .put("product", product)
        .put("format", "mcuboot")
        .put("variants", List.of(variant("image", image), variant("another", image)))
        .build()
        .textBytes();
  }

  /** The manifest of a product whose image is no MCUboot image, and has this digest. */
  static byte[] opaquePayload(String product, Digest image) {
    return Json.object()
        .put("schema", 1)
        .put("product", product)
        .put("format", "opaque")
        .put("variants", List.of(Json.object().put("sha256", image).build()))
        .build()
        .textBytes();
  }

  static SigningInput manifestOf(byte[] payload) {
    return SigningInput.message(Envelope.toBeSigned(Manifest.PAYLOAD_TYPE, Bytes.copyOf(payload)));
  }

  static SigningInput role(String type) {
    return SigningInput.message(Json.object().put("_type", type).build().canonicalBytes());
  }

  static SigningInput text(String text) {
    return SigningInput.message(text.getBytes(StandardCharsets.UTF_8));
  }
}
