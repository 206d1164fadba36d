package dev.otasigner.keys.approval;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a worker reads of the request that was approved; its other members are for the people who
 * approve.
 *
 * @param digest of the canonical document: what approvals name
 * @param toBeSigned digests of the bytes that the keys are to sign, as far as they are known before
 *     anything is signed
 * @param manifest digest of the manifest's {@link #manifestDraft draft}
 * @param payloads digests of the files that the request is about
 * @param emergency whether rules of the product's maker are broken, which takes one more approval
 * @param created when it was made, by the service's clock
 */
public record RequestDocument(
    Digest digest,
    String requester,
    List<Digest> keyIds,
    Digest manifest,
    Digest policy,
    List<Digest> toBeSigned,
    List<Digest> payloads,
    boolean emergency,
    Optional<Instant> created) {
  private static final int MAX_BYTES = 256 * 1024;
  private static final int MAX_LIST = 64;

  public RequestDocument {
    keyIds = List.copyOf(keyIds);
    toBeSigned = List.copyOf(toBeSigned);
    payloads = List.copyOf(payloads);
  }

  /**
   * Reads a document.
   *
   * @throws RejectedException MALFORMED when it is not in canonical form: it would have a second
   *     digest
   */
  public static RequestDocument read(byte[] canonical) throws RejectedException {
    Fields fields = new Fields(JsonReader.readCanonical(canonical, MAX_BYTES), "");
    return new RequestDocument(
        Digest.of(canonical),
        Approval.text(fields, "requester"),
        fields.digests("keyIds", MAX_LIST),
        fields.digest("manifest"),
        fields.digest("policy"),
        fields.has("toBeSigned") ? fields.digests("toBeSigned", MAX_LIST) : List.of(),
        fields.has("payloads") ? digests(fields.objects("payloads", MAX_LIST)) : List.of(),
        fields.has("emergency"),
        fields.has("created") ? Optional.of(fields.time("created")) : Optional.empty());
  }

  private static List<Digest> digests(List<Fields> objects) throws RejectedException {
    List<Digest> digests = new ArrayList<>();
    for (Fields object : objects) {
      digests.add(object.digest("sha256"));
    }
    return digests;
  }

  /**
   * Whether this manifest is the approved one with its images filled in. An opaque image has no
   * signature of its own, which somebody approved: it has to be a payload of this request.
   */
  public boolean isDraftOf(Bytes payload) throws RejectedException {
    if (!manifestDraft(payload).equals(manifest)) {
      return false;
    }
    Fields fields = JsonReader.readObject(payload.toByteArray(), MAX_BYTES);
    if (fields.has("format") && fields.string("format").equals("mcuboot")) {
      return true;
    }
    for (Fields variant : fields.objects("variants", MAX_LIST)) {
      if (!payloads.contains(variant.digest("sha256"))) {
        return false;
      }
    }
    return true;
  }

  /**
   * A manifest as far as it can be known before its images are signed: without the digests and
   * lengths of the signed files. Which images it names, for whose keys, and whether a bootloader
   * comes with it, and which, is known.
   */
  public static Json.Obj draft(Bytes manifest) throws RejectedException {
    Fields fields = JsonReader.readObject(manifest.toByteArray(), MAX_BYTES);
    Map<String, Json> members = new LinkedHashMap<>(fields.members());
    if (fields.has("variants")) {
      List<Json> variants = new ArrayList<>();
      for (Fields variant : fields.objects("variants", MAX_LIST)) {
        variants.add(unsettled(variant));
      }
      members.put("variants", new Json.Arr(variants));
    }
    if (fields.has("bootloader")) {
      members.put("bootloader", unsettled(fields.object("bootloader")));
    }
    return new Json.Obj(members);
  }

  private static Json.Obj unsettled(Fields file) {
    Map<String, Json> members = new LinkedHashMap<>(file.members());
    members.remove("sha256");
    members.remove("length");
    return new Json.Obj(members);
  }

  /** The digest of a manifest's {@link #draft}. */
  public static Digest manifestDraft(Bytes manifest) throws RejectedException {
    return Digest.of(draft(manifest).canonicalBytes());
  }
}
