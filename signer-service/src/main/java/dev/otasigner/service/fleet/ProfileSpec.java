package dev.otasigner.service.fleet;

import dev.otasigner.service.authority.Authorities;
import dev.otasigner.service.authority.AuthorityKind;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.policy.ProfileFit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Turns what a person writes into a profile: keys may stand by name, {@code manifest.anchors} and
 * {@code lineage.rootSha256} are filled in, and {@code "server"} in {@code tls.serverAnchors} means
 * the authorities of this service. Anything else is kept as it was given.
 */
@Component
class ProfileSpec {
  private static final String SERVER = "server";
  private static final int MAX_DEPTH = 4;
  private static final int MAX_LIST = 32;
  private static final Digest NO_ROOT = new Digest("0".repeat(64));

  private final Keyring keyring;
  private final ObjectProvider<LineageRoots> roots;
  private final Authorities authorities;

  ProfileSpec(Keyring keyring, ObjectProvider<LineageRoots> roots, Authorities authorities) {
    this.keyring = keyring;
    this.roots = roots;
    this.authorities = authorities;
  }

  /** The profile's document in canonical form. */
  byte[] resolve(String product, Json.Obj spec) {
    try {
      Fields fields = new Fields(spec, "");
      Map<String, Json> members = new LinkedHashMap<>(spec.members());
      members.putIfAbsent("schema", new Json.Num(1));
      members.put("manifest", manifest(fields.object("manifest")));
      members.put("tls", tls(fields.object("tls")));
      Fields lineage = fields.object("lineage");
      if (!lineage.has("rootSha256")) {
        members.put("lineage", lineage(lineage, NO_ROOT));
        byte[] draft = new Json.Obj(members).canonicalBytes();
        members.put("lineage", lineage(lineage, root(product, draft)));
      }
      return new Json.Obj(members).canonicalBytes();
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  private Json manifest(Fields manifest) throws RejectedException {
    Map<String, Anchor> anchors = new LinkedHashMap<>();
    if (manifest.has("anchors")) {
      for (Json item : manifest.array("anchors", MAX_LIST)) {
        Anchor anchor =
            item instanceof Json.Str name
                ? anchor(name.value())
                : item instanceof Json.Obj object
                    ? Anchor.read(new Fields(object, manifest.where("anchors")))
                    : refuse(manifest);
        anchors.put(anchor.keyId().hex(), anchor);
      }
    }
    Map<String, Json> members = new LinkedHashMap<>(manifest.members());
    members.put("rule", rule(manifest.object("rule"), anchors, 0));
    members.put(
        "anchors",
        new Json.Arr(List.copyOf(anchors.values().stream().map(Anchor::toJson).toList())));
    return new Json.Obj(members);
  }

  private static Anchor refuse(Fields manifest) throws RejectedException {
    throw manifest.malformed("anchors", "names of keys and anchors are expected");
  }

  private Json rule(Fields rule, Map<String, Anchor> anchors, int depth) throws RejectedException {
    String kind = rule.has("any") ? "any" : "all";
    List<Json> terms = new ArrayList<>();
    for (Json term : rule.array(kind, MAX_LIST)) {
      if (term instanceof Json.Str name) {
        terms.add(new Json.Str(keyId(name.value(), anchors)));
      } else if (term instanceof Json.Obj nested && depth < MAX_DEPTH) {
        terms.add(rule(new Fields(nested, rule.where(kind)), anchors, depth + 1));
      } else {
        throw rule.malformed(kind, "names of keys and rules are expected");
      }
    }
    Map<String, Json> members = new LinkedHashMap<>(rule.members());
    members.put(kind, new Json.Arr(terms));
    return new Json.Obj(members);
  }

  /** A key that an anchor given in full already names is not looked up. */
  private String keyId(String name, Map<String, Anchor> anchors) {
    if (anchors.containsKey(name)) {
      return name;
    }
    Anchor anchor = anchor(name);
    anchors.putIfAbsent(anchor.keyId().hex(), anchor);
    return anchor.keyId().hex();
  }

  private static Json lineage(Fields lineage, Digest root) {
    Map<String, Json> members = new LinkedHashMap<>(lineage.members());
    members.put("rootSha256", new Json.Str(root.hex()));
    return new Json.Obj(members);
  }

  /** Only for a profile that is sound but for its root a lineage may be made. */
  private Digest root(String product, byte[] draft) {
    try {
      Profile profile = Profile.read(draft);
      ProfileFit.requireSound(profile);
      return roots.getObject().rootSha256(product, profile);
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
  }

  private Json tls(Fields tls) throws RejectedException {
    List<String> anchors = new ArrayList<>();
    for (String anchor : tls.strings("serverAnchors", MAX_LIST)) {
      if (anchor.equals(SERVER)) {
        authorities
            .authorities(AuthorityKind.SERVER)
            .forEach(authority -> anchors.add(authority.key().keyId().hex()));
      } else if (anchor.length() == 64) {
        anchors.add(anchor);
      } else {
        anchors.add(anchor(anchor).keyId().hex());
      }
    }
    Map<String, Json> members = new LinkedHashMap<>(tls.members());
    members.putIfAbsent("groups", Json.strings(List.of()));
    members.put("serverAnchors", Json.strings(anchors.stream().distinct().toList()));
    return new Json.Obj(members);
  }

  private Anchor anchor(String nameOrId) {
    return keyring
        .find(nameOrId)
        .map(KeyEntry::anchor)
        .orElseThrow(() -> SignerException.notFound("key " + nameOrId));
  }
}
