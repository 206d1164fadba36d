package dev.otasigner.verifier.ceremony;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TufKey;
import dev.otasigner.verifier.tuf.TufLimits;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The judgement of a ceremony's file: whether it may be signed, who may, and whether enough have.
 * Holders and service ask the same questions; the service compares with its own roots.
 */
public final class Ceremony {
  private final CeremonyFile file;
  private final CeremonyTerms terms;
  private final String role;
  private final SignedMetadata<?> next;
  private final Optional<Root> nextRoot;
  private final List<Root> roots;
  private final Optional<Targets> before;

  private Ceremony(
      CeremonyFile file,
      CeremonyTerms terms,
      String role,
      SignedMetadata<?> next,
      Optional<Root> nextRoot,
      List<Root> roots,
      Optional<Targets> before) {
    this.file = file;
    this.terms = terms;
    this.role = role;
    this.next = next;
    this.nextRoot = nextRoot;
    this.roots = roots;
    this.before = before;
  }

  /**
   * Reads what the file holds.
   *
   * @throws RejectedException METADATA_WRONG_ROLE when it is neither a root nor a targets role;
   *     MALFORMED when it has no terms; any reason for which a client refuses to read it
   */
  public static Ceremony of(CeremonyFile file) throws RejectedException {
    List<Root> roots = new ArrayList<>();
    for (Bytes root : file.roots()) {
      roots.add(SignedMetadata.root(root.toByteArray(), TufLimits.COMMON).signed());
    }
    CeremonyTerms terms = CeremonyTerms.read(file.signed());
    String type = new Fields(file.signed(), "signed").string("_type");
    byte[] bytes = file.published();
    switch (type) {
      case Metadata.ROOT -> {
        SignedMetadata<Root> root = SignedMetadata.root(bytes, TufLimits.COMMON);
        return new Ceremony(
            file, terms, type, root, Optional.of(root.signed()), roots, Optional.empty());
      }
      case Metadata.TARGETS -> {
        SignedMetadata<Targets> targets = SignedMetadata.targets(bytes, TufLimits.COMMON);
        Optional<Targets> before =
            file.before().isPresent()
                ? Optional.of(
                    SignedMetadata.targets(file.before().get().toByteArray(), TufLimits.COMMON)
                        .signed())
                : Optional.empty();
        return new Ceremony(file, terms, type, targets, Optional.empty(), roots, before);
      }
      default ->
          throw new RejectedException(
              Reason.METADATA_WRONG_ROLE, "people sign a root or a targets role", "root", type);
    }
  }

  /** The file as it was read. */
  public CeremonyFile file() {
    return file;
  }

  /** What the holders agree to besides the metadata. */
  public CeremonyTerms terms() {
    return terms;
  }

  /** {@code root} or {@code targets}. */
  public String role() {
    return role;
  }

  /** The root or targets role that is signed. */
  public Metadata metadata() {
    return next.signed();
  }

  /** The root that is signed, if it is one. */
  public Optional<Root> nextRoot() {
    return nextRoot;
  }

  /** Of a root the one before; of a targets role the one that is in force. */
  public Optional<Root> presentRoot() {
    return roots.stream().findFirst();
  }

  /** The targets role that is announced now. */
  public Optional<Targets> before() {
    return before;
  }

  /** What two people compare who look at the same file: SHA-256 of what is signed. */
  public Digest fingerprint() {
    return Digest.of(file.signed().canonicalBytes());
  }

  /** All groups of which enough must sign. */
  public List<Voters> voters() {
    List<Voters> voters = new ArrayList<>();
    for (Root root : roots) {
      voters.add(voters(root));
    }
    nextRoot.ifPresent(root -> voters.add(voters(root)));
    return voters;
  }

  private Voters voters(Root root) {
    return new Voters(role + " keys of root version " + root.version(), root, role);
  }

  /**
   * Returns only when it may still be signed and taken in, and could ever be complete.
   *
   * @throws RejectedException METADATA_EXPIRED when the time to sign has ended, or it would expire
   *     before; METADATA_VERSION_MISMATCH unless it is the next version; WRONG_PRODUCT when the
   *     root before belongs to another lineage; BELOW_THRESHOLD when a threshold cannot be met, or
   *     falls below what the lineage demands; KEYID_MISMATCH, UNSUPPORTED_ALGORITHM and MALFORMED
   *     for its keys; UNKNOWN_KEY and BAD_SIGNATURE for the signatures that it has
   */
  public void requireSound(Instant now) throws RejectedException {
    requireTime(now);
    requireVersion();
    requireSameLineage();
    if (nextRoot.isPresent()) {
      Root root = nextRoot.get();
      if (!root.consistentSnapshot()) {
        throw new RejectedException(
            Reason.MALFORMED, "consistent_snapshot: file names carry versions in every catalogue");
      }
      for (String named : Metadata.TOP_LEVEL) {
        requireReachable(root, named);
      }
    } else if (roots.isEmpty()) {
      throw new RejectedException(
          Reason.METADATA_MISSING, "the root whose holders sign does not come along");
    }
    requireSignatures();
  }

  private void requireTime(Instant now) throws RejectedException {
    if (!terms.signBy().isAfter(now)) {
      throw new RejectedException(
          Reason.METADATA_EXPIRED, "the time to sign it has ended", "after " + now, terms.signBy());
    }
    if (!metadata().expires().isAfter(terms.signBy())) {
      throw new RejectedException(
          Reason.METADATA_EXPIRED,
          "it expires before the time to sign it ends",
          "after " + terms.signBy(),
          metadata().expires());
    }
  }

  private void requireVersion() throws RejectedException {
    if (nextRoot.isPresent()) {
      long expected = presentRoot().map(root -> root.version() + 1).orElse(1L);
      if (nextRoot.get().version() != expected) {
        throw new RejectedException(
            Reason.METADATA_VERSION_MISMATCH, "root version", expected, nextRoot.get().version());
      }
      return;
    }
    long announced = before.map(Targets::version).orElse(0L);
    if (metadata().version() <= announced) {
      throw new RejectedException(
          Reason.METADATA_VERSION_MISMATCH,
          "targets version",
          "over " + announced,
          metadata().version());
    }
  }

  /** One's own word for another lineage, under the same keys, is no word for this one. */
  private void requireSameLineage() throws RejectedException {
    for (Bytes bytes : file.roots()) {
      SignedMetadata<Root> root = SignedMetadata.root(bytes.toByteArray(), TufLimits.COMMON);
      if (!CeremonyTerms.isIn(root.signedJson())) {
        continue; // a service has made it alone, before there were holders
      }
      CeremonyTerms of = CeremonyTerms.read(root.signedJson());
      if (!of.product().equals(terms.product()) || !of.lineage().equals(terms.lineage())) {
        throw new RejectedException(
            Reason.WRONG_PRODUCT,
            "root version " + root.signed().version() + " is of another lineage",
            terms.product() + "/" + terms.lineage(),
            of.product() + "/" + of.lineage());
      }
      if (of.postQuantum() && !terms.postQuantum()) {
        throw new RejectedException(
            Reason.BELOW_THRESHOLD,
            "the lineage demands post-quantum signatures, and this would not");
      }
    }
  }

  private void requireReachable(Root root, String named) throws RejectedException {
    RoleKeys who = root.roleKeys(named);
    List<SignatureSuite> suites = new ArrayList<>();
    Set<Digest> keys = new HashSet<>();
    Set<String> holders = new HashSet<>();
    for (String id : who.keyIds()) {
      TufKey key = root.keys().get(id);
      if (key == null || !key.hasTrueKeyId()) {
        throw new RejectedException(
            Reason.KEYID_MISMATCH, "role " + named + " names a key that is not there: " + id);
      }
      Optional<VerificationKey> with = key.verificationKey();
      if (with.isEmpty()) {
        throw new RejectedException(
            Reason.UNSUPPORTED_ALGORITHM,
            "role " + named + ": nobody can check " + Voters.name(key));
      }
      if (!keys.add(with.get().keyId())) {
        throw new RejectedException(
            Reason.MALFORMED, "role " + named + ": one key has two holders");
      }
      if (key.holder().isPresent() && !holders.add(key.holder().get())) {
        throw new RejectedException(
            Reason.MALFORMED, "role " + named + ": " + Voters.name(key) + " holds two keys");
      }
      suites.add(with.get().suite());
    }
    requireThreshold(named, who, suites);
  }

  private void requireThreshold(String named, RoleKeys who, List<SignatureSuite> suites)
      throws RejectedException {
    if (who.threshold() > suites.size()) {
      throw new RejectedException(
          Reason.BELOW_THRESHOLD,
          named + ": more signatures are demanded than there are keys",
          who.threshold(),
          suites.size());
    }
    terms.policy().requireSigners(named, suites, who.threshold());
    int kinds = terms.thresholds().classical() + terms.thresholds().postQuantum();
    if ((named.equals(Metadata.ROOT) || named.equals(Metadata.TARGETS))
        && who.threshold() < kinds) {
      throw new RejectedException(
          Reason.BELOW_THRESHOLD,
          named + ": the lineage demands a signature of each kind",
          kinds,
          who.threshold());
    }
  }

  /** What was changed after somebody signed it carries a signature that does not verify. */
  private void requireSignatures() throws RejectedException {
    for (String id : file.signatures().keySet()) {
      TufKey key =
          mayStillSign().stream()
              .filter(k -> k.keyId().equals(id))
              .findFirst()
              .orElseThrow(
                  () ->
                      new RejectedException(
                          Reason.UNKNOWN_KEY,
                          "it is signed by a key that is no holder's: " + abbreviated(id)));
      Set<VerificationKey> valid = next.validSigners(Map.of(id, key), new RoleKeys(List.of(id), 1));
      if (valid.isEmpty()) {
        throw new RejectedException(
            Reason.BAD_SIGNATURE,
            "it was changed after " + Voters.name(key) + " signed it, or the signature is damaged");
      }
    }
  }

  private static String abbreviated(String id) {
    return id.length() > 8 ? id.substring(0, 8) : id;
  }

  private List<TufKey> mayStillSign() {
    return voters().stream().flatMap(group -> group.keys().stream()).distinct().toList();
  }

  /**
   * What a key signs as: more than one entry where roots list it under different names.
   *
   * @throws RejectedException UNKNOWN_KEY when it is no holder's; MALFORMED when it has signed
   */
  public List<TufKey> requireMaySign(VerificationKey key) throws RejectedException {
    List<TufKey> entries =
        mayStillSign().stream()
            .filter(
                k -> k.verificationKey().filter(own -> own.keyId().equals(key.keyId())).isPresent())
            .toList();
    if (entries.isEmpty()) {
      throw new RejectedException(
          Reason.UNKNOWN_KEY,
          "key " + key.keyId().abbreviated() + " is no holder's; holders are " + names());
    }
    List<TufKey> open =
        entries.stream().filter(k -> !file.signatures().containsKey(k.keyId())).toList();
    if (open.isEmpty()) {
      throw new RejectedException(
          Reason.MALFORMED,
          Voters.name(entries.get(0))
              + " has signed already; a second signature of the same key does not count");
    }
    return open;
  }

  private String names() {
    return String.join(", ", mayStillSign().stream().map(Voters::name).distinct().toList());
  }

  /** Who of a group has signed, by name. Ask {@link #requireSound} before. */
  public List<String> signed(Voters group) {
    return group.keys().stream()
        .filter(key -> file.signatures().containsKey(key.keyId()))
        .map(Voters::name)
        .toList();
  }

  /**
   * Returns only when enough of every group have signed, of each kind too.
   *
   * @throws RejectedException BELOW_THRESHOLD; its sentence names the group
   */
  public void requireComplete() throws RejectedException {
    for (Voters group : voters()) {
      requireSignedBy(group);
    }
  }

  /**
   * The same of one group.
   *
   * @throws RejectedException BELOW_THRESHOLD; its sentence names the group
   */
  public void requireSignedBy(Voters group) throws RejectedException {
    try {
      terms.policy().requireSigned(role, next, group.root().keys(), group.roleKeys());
    } catch (RejectedException e) {
      throw e.in(group.title());
    }
  }
}
