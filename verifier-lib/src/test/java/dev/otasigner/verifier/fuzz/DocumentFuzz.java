package dev.otasigner.verifier.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.json.Times;
import dev.otasigner.verifier.manifest.Manifest;
import java.nio.charset.StandardCharsets;

/** The JSON readers, the contracts' documents, and the texts within them. */
final class DocumentFuzz {
  private static final int MAX_BYTES = 64 * 1024;

  private DocumentFuzz() {}

  /** What one reader takes, it takes again once written, and as the same. */
  interface Reader<T> {
    T read(byte[] bytes) throws RejectedException;
  }

  /** How a value is written. */
  interface Writer<T> {
    byte[] write(T value);
  }

  /** Raw when the input begins as a document, else instructions that change the sound one. */
  static <T> void document(byte[] input, byte[] sound, Reader<T> reader, Writer<T> writer) {
    byte[] document = input;
    if (input.length == 0 || input[0] != '{') {
      document = new Script(input).edit(object(sound)).textBytes();
    }
    T first;
    try {
      first = reader.read(document);
    } catch (RejectedException e) {
      return;
    }
    try {
      assertThat(reader.read(writer.write(first))).isEqualTo(first);
    } catch (RejectedException e) {
      throw new AssertionError("taken, and refused once written again", e);
    }
  }

  static Json.Obj object(byte[] sound) {
    try {
      return JsonReader.readObject(sound, sound.length).json();
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  static void manifest(byte[] input, byte[] sound) {
    document(input, sound, Manifest::read, manifest -> manifest.toJson().textBytes());
  }

  static void head(byte[] input, byte[] sound) {
    document(input, sound, Head::read, head -> head.toJson().textBytes());
  }

  static void deviceState(byte[] input, byte[] sound) {
    document(input, sound, DeviceState::read, state -> state.toJson().textBytes());
  }

  static void envelope(byte[] input, byte[] sound) {
    document(input, sound, Envelope::read, Envelope::toBytes);
  }

  /** A profile is named by its bytes, and never written again by whoever reads it. */
  static void profile(byte[] input, byte[] sound) {
    document(input, sound, Profile::read, profile -> profile.bytes().toByteArray());
  }

  static void json(byte[] input) {
    Json value;
    try {
      value = JsonReader.read(input, MAX_BYTES);
    } catch (RejectedException e) {
      return;
    }
    try {
      assertThat(JsonReader.read(value.textBytes(), Integer.MAX_VALUE)).isEqualTo(value);
      byte[] canonical = value.canonicalBytes();
      if (value instanceof Json.Obj object) {
        Json.Obj again = JsonReader.readCanonical(canonical, Integer.MAX_VALUE);
        assertThat(again).isEqualTo(object);
      }
    } catch (RejectedException e) {
      throw new AssertionError("taken, and refused once written again", e);
    }
  }

  static void canonicalJson(byte[] input) {
    try {
      assertThat(JsonReader.readCanonical(input, MAX_BYTES).canonicalBytes()).isEqualTo(input);
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
  }

  /** One of the small texts, by the first byte. */
  static void text(byte[] input) {
    Script script = new Script(input);
    int which = script.below(6);
    String text = new String(script.rest(), StandardCharsets.ISO_8859_1);
    try {
      String again =
          switch (which) {
            case 0 -> ImageVersion.parse(text).toString();
            case 1 -> {
              ImageVersion version = ImageVersion.parseLenient(text);
              assertThat(ImageVersion.parse(version.toString())).isEqualTo(version);
              yield text;
            }
            case 2 -> Digest.parse(text).hex();
            case 3 -> Bytes.ofHex(text).hex();
            case 4 -> Bytes.ofBase64(text).base64();
            default -> Times.format(Times.parse(text));
          };
      assertThat(again).isEqualTo(text);
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
    SignatureSuite suite = SignatureSuite.ofCode(text);
    assertThat(suite == null ? text : suite.code()).isEqualTo(text);
    ImageHash hash = ImageHash.ofCode(text);
    assertThat(hash == null ? text : hash.code()).isEqualTo(text);
  }
}
