package dev.otasigner.device.adversary;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/** What an adversary does to a file. */
final class Edits {
  private static final int CHUNK = 64 * 1024;

  private Edits() {}

  static byte[] flipped(byte[] file) {
    byte[] changed = file.clone();
    changed[changed.length / 2] ^= 1;
    return changed;
  }

  /** Metadata that says it is one version newer, under the signatures it had. */
  static byte[] advanced(byte[] metadata) {
    Json.Obj whole = object(metadata);
    Json.Obj signed = (Json.Obj) member(whole, "signed");
    Json.Num version = (Json.Num) member(signed, "version");
    Json.Obj newer = with(signed, "version", new Json.Num(version.value() + 1));
    return with(whole, "signed", newer).textBytes();
  }

  /**
   * Without the signatures of these keys; as it was, if there are none. TUF and DSSE agree on the
   * names.
   */
  static byte[] without(byte[] document, Set<String> keyIds) {
    Json.Obj whole = object(document);
    List<Json> kept = new ArrayList<>();
    List<Json> signatures = ((Json.Arr) member(whole, "signatures")).items();
    for (Json item : signatures) {
      Json.Str keyId = (Json.Str) member((Json.Obj) item, "keyid");
      if (!keyIds.contains(keyId.value())) {
        kept.add(item);
      }
    }
    return kept.size() == signatures.size()
        ? document
        : with(whole, "signatures", new Json.Arr(kept)).textBytes();
  }

  /** So many spaces, packed. */
  static byte[] packedSpaces(int count) throws IOException {
    byte[] chunk = new byte[CHUNK];
    Arrays.fill(chunk, (byte) ' ');
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
      for (int i = 0; i < count / CHUNK; i++) {
        gzip.write(chunk);
      }
    }
    return packed.toByteArray();
  }

  private static Json.Obj object(byte[] document) {
    try {
      return JsonReader.readObject(document, Upstream.MAX_BYTES).json();
    } catch (RejectedException e) {
      throw new IllegalArgumentException("not a JSON object", e);
    }
  }

  private static Json member(Json.Obj object, String name) {
    Json value = object.members().get(name);
    if (value == null) {
      throw new IllegalArgumentException("no member " + name);
    }
    return value;
  }

  private static Json.Obj with(Json.Obj object, String name, Json value) {
    Map<String, Json> members = new TreeMap<>(object.members());
    members.put(name, value);
    return new Json.Obj(members);
  }
}
