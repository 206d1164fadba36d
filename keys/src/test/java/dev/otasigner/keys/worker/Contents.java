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
        .put("variants", Json.strings(List.of(image)))
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
