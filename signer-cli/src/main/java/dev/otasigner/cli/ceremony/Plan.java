package dev.otasigner.cli.ceremony;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.ceremony.CeremonyTerms;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.TufKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The one reviewed file of a ceremony: who holds which key, how many of them must sign, until when,
 * and which keys the service signs with by itself.
 *
 * @param roles by name, as root will have them
 */
record Plan(
    CeremonyTerms terms, Instant expires, Map<String, TufKey> keys, Map<String, RoleKeys> roles) {
  private static final int MAX_HOLDERS = 64;
  private static final Set<String> MEMBERS =
      Set.of(
          "schema",
          "product",
          "lineage",
          "postQuantum",
          "expires",
          "signBy",
          "holders",
          "root",
          "targets",
          "online");

  /**
   * Reads a plan.
   *
   * @throws RejectedException MALFORMED, LIMIT_EXCEEDED, UNSUPPORTED_VERSION,
   *     UNSUPPORTED_ALGORITHM; METADATA_MISSING for a holder who is named nowhere
   */
  static Plan read(Json.Obj document) throws RejectedException {
    Fields plan = new Fields(document, "");
    plan.requireSchema(Set.of());
    requireKnown(plan, MEMBERS);
    Map<String, TufKey> holders = holders(plan.object("holders"));
    Fields online = plan.object("online");
    requireKnown(online, Set.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP, Metadata.TARGETS));
    Map<String, TufKey> keys = new LinkedHashMap<>();
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    held(plan, Metadata.ROOT, holders, keys, roles);
    if (online.has(Metadata.TARGETS) == plan.has(Metadata.TARGETS)) {
      throw plan.malformed(
          "targets", "either holders sign the targets role, or keys under 'online' do");
    }
    if (plan.has(Metadata.TARGETS)) {
      held(plan, Metadata.TARGETS, holders, keys, roles);
    }
    for (String role : online.names()) {
      List<TufKey> own = new ArrayList<>();
      for (String pem : online.strings(role, MAX_HOLDERS)) {
        own.add(TufKey.of(PublicKeys.read(pem, online.where(role))));
      }
      put(role, own, own.size(), keys, roles, online);
    }
    CeremonyTerms terms =
        new CeremonyTerms(
            plan.name("product"),
            plan.name("lineage"),
            plan.has("postQuantum") && plan.bool("postQuantum"),
            plan.time("signBy"));
    if (!roles.keySet().containsAll(Set.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP))) {
      throw plan.malformed("online", "keys for snapshot and for timestamp are expected");
    }
    return new Plan(terms, plan.time("expires"), keys, roles);
  }

  /** A misspelt name would be a plan that says less than its reader thinks. */
  private static void requireKnown(Fields fields, Set<String> known) throws RejectedException {
    for (String name : fields.names()) {
      if (!known.contains(name)) {
        throw fields.malformed(name, "no plan has such a member");
      }
    }
  }

  private static Map<String, TufKey> holders(Fields listed) throws RejectedException {
    Map<String, TufKey> holders = new LinkedHashMap<>();
    for (String name : listed.names()) {
      if (!Fields.isName(name)) {
        throw listed.malformed(name, "a holder's name is 1 to 32 of a-z, 0-9 and -");
      }
      VerificationKey key = PublicKeys.read(listed.string(name), listed.where(name));
      holders.put(name, TufKey.of(key, name));
    }
    if (holders.size() > MAX_HOLDERS) {
      throw new RejectedException(Reason.LIMIT_EXCEEDED, "holders", MAX_HOLDERS, holders.size());
    }
    return holders;
  }

  private static void held(
      Fields plan,
      String role,
      Map<String, TufKey> holders,
      Map<String, TufKey> keys,
      Map<String, RoleKeys> roles)
      throws RejectedException {
    Fields section = plan.object(role);
    requireKnown(section, Set.of("threshold", "holders"));
    List<TufKey> named = new ArrayList<>();
    for (String name : section.strings("holders", MAX_HOLDERS)) {
      TufKey key = holders.get(name);
      if (key == null) {
        throw new RejectedException(
            Reason.METADATA_MISSING, role + ": no key of a holder '" + name + "' is in the plan");
      }
      named.add(key);
    }
    put(role, named, (int) section.integer("threshold", 1, MAX_HOLDERS), keys, roles, section);
  }

  private static void put(
      String role,
      List<TufKey> named,
      int threshold,
      Map<String, TufKey> keys,
      Map<String, RoleKeys> roles,
      Fields at)
      throws RejectedException {
    List<String> ids = named.stream().map(TufKey::keyId).toList();
    if (ids.isEmpty() || Set.copyOf(ids).size() != ids.size()) {
      throw at.malformed(role, "keys are expected, each once");
    }
    keys.putAll(TufKey.byId(named));
    roles.put(role, new RoleKeys(ids, threshold));
  }

  /**
   * The root that this plan asks for.
   *
   * @param before its published file; none for the first root
   * @throws RejectedException with the reasons of {@link Ceremony#requireSound}
   */
  CeremonyFile draft(Optional<byte[]> before, Instant now) throws RejectedException {
    List<Bytes> roots = before.map(Bytes::copyOf).stream().toList();
    CeremonyFile draft = CeremonyFile.draft(signed(version(before)), roots, Optional.empty());
    Ceremony.of(draft).requireSound(now);
    return draft;
  }

  private static long version(Optional<byte[]> before) throws RejectedException {
    if (before.isEmpty()) {
      return 1;
    }
    CeremonyFile file = CeremonyFile.read(before.get());
    return new Fields(file.signed(), "signed").integer("version", 1, Long.MAX_VALUE - 1) + 1;
  }

  /** What is signed under this plan, down to the last byte. */
  Json.Obj signed(long version) {
    return terms.on(new Root(version, expires, true, keys, roles).toJson());
  }
}
