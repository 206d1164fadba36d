package dev.otasigner.verifier.ceremony;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What goes from holder to holder: the signed object, the signatures that it has so far, and what
 * it is compared with. Without the last it is the TUF file to publish.
 *
 * @param signed the object under every signature: a root or a targets role, with its terms
 * @param signatures hex, by key identifier
 * @param roots for a root the one before, none for the first; for a targets role those whose
 *     holders sign: the present one, and the next where it is about to change
 * @param before for a targets role the one that is announced now
 */
public record CeremonyFile(
    Json.Obj signed, Map<String, String> signatures, List<Bytes> roots, Optional<Bytes> before) {
  /** Of a targets role with hundreds of delegations to post-quantum keys, twice, in base64. */
  public static final int MAX_BYTES = 8_000_000;

  /** The largest metadata file that people sign. */
  public static final int MAX_SIGNED_BYTES = 1_000_000;

  private static final int MAX_SIGNATURES = 256;
  private static final int MAX_ROOTS = 2;

  public CeremonyFile {
    signatures = Collections.unmodifiableMap(new LinkedHashMap<>(signatures));
    roots = List.copyOf(roots);
  }

  /** A file that nobody has signed yet. */
  public static CeremonyFile draft(Json.Obj signed, List<Bytes> roots, Optional<Bytes> before) {
    return new CeremonyFile(signed, Map.of(), roots, before);
  }

  /**
   * A published file, or a ceremony's.
   *
   * @throws RejectedException MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED_VERSION
   */
  public static CeremonyFile read(byte[] bytes) throws RejectedException {
    Fields file = JsonReader.readObject(bytes, MAX_BYTES);
    if (file.has("schema")) {
      file.requireSchema(Set.of());
    }
    Map<String, String> signatures = new LinkedHashMap<>();
    for (Fields item : file.objects("signatures", MAX_SIGNATURES)) {
      if (signatures.put(item.string("keyid"), item.string("sig")) != null) {
        throw item.malformed("keyid", "this key has signed twice");
      }
    }
    List<Bytes> roots = new ArrayList<>();
    if (file.has("roots")) {
      for (String root : file.strings("roots", MAX_ROOTS)) {
        roots.add(Bytes.ofBase64(root));
      }
    }
    CeremonyFile read =
        new CeremonyFile(
            file.object("signed").json(),
            signatures,
            roots,
            file.has("before")
                ? Optional.of(file.base64("before", MAX_SIGNED_BYTES))
                : Optional.empty());
    if (read.published().length > MAX_SIGNED_BYTES) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "bytes to publish", MAX_SIGNED_BYTES, read.published().length);
    }
    return read;
  }

  /** The same, to be compared with what the caller knows rather than with what came along. */
  public CeremonyFile against(List<Bytes> known, Optional<Bytes> announced) {
    return new CeremonyFile(signed, signatures, known, announced);
  }

  /** The same with a further signature. */
  public CeremonyFile with(KeySignature signature) {
    Map<String, String> all = new LinkedHashMap<>(signatures);
    all.put(signature.keyId(), signature.signature().hex());
    return new CeremonyFile(signed, all, roots, before);
  }

  /** The TUF file. */
  public byte[] published() {
    return publishedJson().textBytes();
  }

  /** The same as an object. */
  public Json.Obj publishedJson() {
    return metadata().build();
  }

  /** The file that goes to the next holder. */
  public Json.Obj toJson() {
    Json.Builder json = metadata().put("schema", 1);
    json.put("roots", roots.stream().map(root -> new Json.Str(root.base64())).toList());
    before.ifPresent(bytes -> json.putBase64("before", bytes));
    return json.build();
  }

  private Json.Builder metadata() {
    List<Json.Obj> items = new ArrayList<>();
    signatures.forEach(
        (id, sig) -> items.add(Json.object().put("keyid", id).put("sig", sig).build()));
    return Json.object().put("signatures", items).put("signed", signed);
  }
}
