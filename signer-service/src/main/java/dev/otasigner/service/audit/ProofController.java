package dev.otasigner.service.audit;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Proofs over the log's tree, and the records of one image with theirs. */
@RestController
@RequestMapping("/api/v1/audit")
class ProofController {
  private final AuditStore store;
  private final AuditLog log;
  private final Evidence evidence;

  ProofController(AuditStore store, AuditLog log, Evidence evidence) {
    this.store = store;
    this.log = log;
    this.evidence = evidence;
  }

  /** RFC 6962 2.1.1: that record {@code leaf} is in the tree of {@code size} records. */
  @GetMapping("/proof/inclusion")
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  Json inclusion(@RequestParam long leaf, @RequestParam @Nullable Long size) {
    long whole = size(size);
    if (leaf < 0 || leaf >= whole) {
      throw bad("leaf: a record of the first " + whole + " is expected");
    }
    return inclusionOf(new MerkleTree(store), store.leaves(leaf, leaf + 1), whole).get(0);
  }

  /** RFC 6962 2.1.2: that the tree of {@code to} records begins with that of {@code from}. */
  @GetMapping("/proof/consistency")
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  Json consistency(@RequestParam long from, @RequestParam @Nullable Long to) {
    long whole = size(to);
    if (from < 1 || from > whole) {
      throw bad("from: 1 to " + whole + " records are expected");
    }
    return Json.object()
        .put("from", from)
        .put("to", whole)
        .put("hashes", hashes(new MerkleTree(store).consistency(from, whole).hashes()))
        .build();
  }

  /**
   * Everything the log knows of an image, each record with the proof that it is in the tree of the
   * checkpoint that comes along.
   *
   * @param digest of an image, a payload, a manifest or an approval; or else
   * @param product and version of a build
   */
  @GetMapping("/image")
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  Json image(
      @RequestParam @Nullable String digest,
      @RequestParam @Nullable String product,
      @RequestParam @Nullable String version) {
    String term = term(digest, product, version);
    log.record(RecordKind.EVIDENCE_EXPORTED.code(), term, Map.of());
    Evidence.Found found = evidence.about(term);
    byte[] note = log.checkpoint();
    long size;
    try {
      size = Checkpoint.readUnverified(note).size();
    } catch (RejectedException e) {
      throw new IllegalStateException("a checkpoint of our own is not read", e);
    }
    return Json.object()
        .put("about", term)
        .put("checkpoint", new String(note, StandardCharsets.UTF_8))
        .put("records", inclusionOf(new MerkleTree(store), found.records(), size))
        .put("more", found.more())
        .build();
  }

  private static String term(
      @Nullable String digest, @Nullable String product, @Nullable String version) {
    try {
      if (digest != null && product == null && version == null) {
        return Digest.parse(digest).hex();
      }
      if (digest == null && product != null && version != null) {
        if (!Fields.isName(product)) {
          throw bad("product: a name is expected");
        }
        return AuditIndex.build(product, ImageVersion.parseLenient(version).toString());
      }
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    throw bad("either digest, or product and version are expected");
  }

  private long size(@Nullable Long asked) {
    long whole = store.size();
    if (asked == null) {
      return whole;
    }
    if (asked < 1 || asked > whole) {
      throw bad("size: the log has " + whole + " records");
    }
    return asked;
  }

  private static List<Json> inclusionOf(MerkleTree tree, List<AuditStore.Leaf> leaves, long size) {
    List<Json> proofs = new ArrayList<>();
    for (AuditStore.Leaf leaf : leaves) {
      if (leaf.position() < size) {
        proofs.add(
            Json.object()
                .put("leaf", leaf.position())
                .put("size", size)
                .put("record", leaf.record())
                .put("hashes", hashes(tree.inclusion(leaf.position(), size).hashes()))
                .build());
      }
    }
    return proofs;
  }

  private static List<Json> hashes(List<Digest> hashes) {
    List<Json> texts = new ArrayList<>();
    hashes.forEach(hash -> texts.add(new Json.Str(hash.hex())));
    return texts;
  }

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
