package dev.otasigner.verifier.device;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.dsse.Rule;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What the update agent of a build trusts and speaks. A profile is named by the digest of its
 * bytes, so these are kept as received.
 *
 * @param bytes the document as received
 * @param knows the suites this build's code can verify
 * @param rule who must have signed a manifest
 * @param anchors the keys the rule speaks of
 * @param newer what a profile for newer code names that this registry does not have
 * @param lineage the catalogue's root chain
 * @param minStrengthBits no weaker key counts, NIST SP 800-57; u16
 * @param tls how it dials out
 * @param servers names, spread over
 * @param ports TCP, tried in this order; each 1 to 65535
 */
public record Profile(
    Bytes bytes,
    Set<SignatureSuite> knows,
    Rule rule,
    List<Anchor> anchors,
    Newer newer,
    Lineage lineage,
    int minStrengthBits,
    Tls tls,
    List<String> servers,
    List<Integer> ports) {
  /** Of a document. */
  public static final int MAX_BYTES = 128 * 1024;

  private static final int MAX_LIST = 32;

  /**
   * Suites and anchors of a registry newer than ours. They never verify anything here; they let old
   * code carry a profile to the newer code that will run under it, which is the only way in which a
   * new algorithm can reach the field.
   *
   * @param knows names of suites
   * @param anchors key identifiers, each with the name of its suite
   */
  public record Newer(Set<String> knows, Map<Digest, String> anchors) {
    public Newer {
      knows = Set.copyOf(knows);
      anchors = Map.copyOf(anchors);
    }
  }

  /**
   * The catalogue's root chain.
   *
   * @param name a name of {@link Fields#isName}
   * @param rootSha256 digest of the lineage's first root, baked in
   * @param thresholds signatures of each kind demanded on top of TUF's own thresholds
   */
  public record Lineage(String name, Digest rootSha256, Optional<Thresholds> thresholds) {}

  /**
   * Signatures that a role must carry, of each kind of suite.
   *
   * @param classical at least so many, 0 to 255
   * @param postQuantum at least so many, 0 to 255
   */
  public record Thresholds(int classical, int postQuantum) {}

  /**
   * How the device dials out. Names are not looked into here: they are for those who open
   * connections.
   *
   * @param versions of the protocol
   * @param suites cipher suites
   * @param groups of the key exchange
   * @param serverAnchors SHA-256 of the SPKI of the authorities that may vouch for a server
   * @param clientKey the key it authenticates with
   */
  public record Tls(
      List<String> versions,
      List<String> suites,
      List<String> groups,
      List<Digest> serverAnchors,
      ClientKeyType clientKey) {
    public Tls {
      versions = List.copyOf(versions);
      suites = List.copyOf(suites);
      groups = List.copyOf(groups);
      serverAnchors = List.copyOf(serverAnchors);
    }
  }

  public Profile {
    knows = Set.copyOf(knows);
    anchors = List.copyOf(anchors);
    servers = List.copyOf(servers);
    ports = List.copyOf(ports);
  }

  /** SHA-256 of the document as received: the profile's name. */
  public Digest digest() {
    return Digest.of(bytes);
  }

  /**
   * Reads a profile. No list has more than 32 items; the rule has the limits of {@link Rule}.
   * Suites outside the registry, and anchors of such suites, go to {@link #newer}; whether the
   * profile fits a device is for the policy to say.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_BYTES}, for a longer list or an
   *     anchor's key; UNSUPPORTED_VERSION for another schema; UNSUPPORTED_CRITICAL for any name in
   *     {@code critical}; UNSUPPORTED_ALGORITHM for an anchor whose key is not of its suite;
   *     KEYID_MISMATCH; MALFORMED
   */
  public static Profile read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_BYTES);
    fields.requireSchema(Set.of());
    Set<SignatureSuite> knows = EnumSet.noneOf(SignatureSuite.class);
    Set<String> newerSuites = new HashSet<>();
    for (String code : fields.strings("knows", MAX_LIST)) {
      SignatureSuite suite = SignatureSuite.ofCode(code);
      if (suite != null) {
        knows.add(suite);
      } else {
        newerSuites.add(code);
      }
    }
    Fields manifest = fields.object("manifest");
    List<Anchor> anchors = new ArrayList<>();
    Map<Digest, String> newerAnchors = new HashMap<>();
    for (Fields item : manifest.objects("anchors", MAX_LIST)) {
      String suite = item.string("suite");
      if (SignatureSuite.ofCode(suite) != null) {
        anchors.add(Anchor.read(item));
      } else {
        newerAnchors.put(item.digest("keyId"), suite);
      }
    }
    Fields lineage = fields.object("lineage");
    Optional<Thresholds> thresholds = Optional.empty();
    if (lineage.has("thresholds")) {
      Fields t = lineage.object("thresholds");
      thresholds =
          Optional.of(
              new Thresholds(
                  (int) t.integer("classical", 0, 255), (int) t.integer("postQuantum", 0, 255)));
    }
    Fields tls = fields.object("tls");
    List<Integer> ports = new ArrayList<>();
    for (Json item : fields.array("ports", MAX_LIST)) {
      if (!(item instanceof Json.Num port) || port.value() < 1 || port.value() > 65535) {
        throw fields.malformed("ports", "ports from 1 to 65535 are expected");
      }
      ports.add((int) port.value());
    }
    return new Profile(
        Bytes.copyOf(json),
        knows,
        Rule.read(manifest, "rule"),
        anchors,
        new Newer(newerSuites, newerAnchors),
        new Lineage(lineage.name("name"), lineage.digest("rootSha256"), thresholds),
        (int) fields.integer("minStrengthBits", 0, 0xffff),
        new Tls(
            tls.strings("versions", MAX_LIST),
            tls.strings("suites", MAX_LIST),
            tls.strings("groups", MAX_LIST),
            tls.digests("serverAnchors", MAX_LIST),
            tls.oneOf("clientKey", ClientKeyType::ofCode, "client key type")),
        fields.strings("servers", MAX_LIST),
        ports);
  }
}
