package dev.otasigner.service.catalogue;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A product told through the HTTP API, step by step, as the tests need it. */
public final class Story {
  public static final String CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256";
  private static final String GCM = "TLS_AES_256_GCM_SHA384";

  private final Admin admin;
  private final String token;
  public final String product;
  public final String base;

  /** A product with hardware, a channel, keys of the first generation and their bootloader. */
  public Story(Admin admin, String product) {
    this(admin, product, "software");
  }

  /** The same with keys in this token. */
  public Story(Admin admin, String product, String token) {
    this.admin = admin;
    this.token = token;
    this.product = product;
    this.base = "/api/v1/products/" + product;
    admin.post("/api/v1/products", "{'name':'" + product + "'}").expect(201);
    admin.post(base + "/hardware", "{'id':'gw','revisions':['a']}").expect(201);
    admin.post(base + "/channels", "{'name':'stable'}").expect(201);
    // Elliptic curves, since making RSA keys would take most of a test's time.
    key("image", "image", "ecdsa-p256-sha256");
    key("manifest", "manifest", "ecdsa-p256-sha256");
    bootloader("boot1", "image");
  }

  private Story(Admin admin, String product, String token, String base) {
    this.admin = admin;
    this.token = token;
    this.product = product;
    this.base = base;
  }

  /** The same product, with somebody else at work. */
  public Story as(Admin other) {
    return new Story(other, product, token, base);
  }

  public String key(String name, String purpose, String suite) {
    String id =
        admin
            .post(
                "/api/v1/keys",
                "{'name':'"
                    + named(name)
                    + "','purpose':'"
                    + purpose
                    + "','suite':'"
                    + suite
                    + "','token':'"
                    + token
                    + "'}")
            .expect(201)
            .string("keyId");
    admin.post("/api/v1/keys/" + id + "/activate", "{}").expect(200);
    return id;
  }

  /** Names are the service's own, so that each product has its prefix. */
  public String named(String key) {
    return product + "-" + key;
  }

  public void bootloader(String id, String... keys) {
    StringBuilder anchors = new StringBuilder();
    for (String key : keys) {
      anchors
          .append(anchors.isEmpty() ? "" : ",")
          .append("{'key':'")
          .append(named(key))
          .append("'}");
    }
    admin
        .post(
            base + "/bootloaders",
            "{'id':'"
                + id
                + "','hardware':'gw','anchors':["
                + anchors
                + "],'allowList':true,'rollbackProtection':true,'updatable':true,"
                + "'keyTlv':'keyhash','slotBytes':1048576}")
        .expect(201);
  }

  /** The first profile: one manifest key, TLS 1.2 on the legacy port. */
  public String legacyProfile(Integer... ports) {
    return profile(
        "{'knows':['ecdsa-p256-sha256','ed25519','ml-dsa-65'],'manifest':{'rule':{'all':['"
            + named("manifest")
            + "']}},'lineage':{'name':'main'},'minStrengthBits':112,'tls':{'versions':['TLSv1.2'],"
            + "'suites':['"
            + CBC
            + "'],'serverAnchors':['server'],'clientKey':'rsa-2048'},'servers':['localhost'],"
            + "'ports':["
            + String.join(",", Arrays.stream(ports).map(String::valueOf).toList())
            + "]}");
  }

  /** The next one: Ed25519 and ML-DSA, TLS 1.3, a lineage of both kinds. */
  public String nextProfile(int port, String... keys) {
    StringBuilder rule = new StringBuilder();
    for (String key : keys) {
      rule.append(rule.isEmpty() ? "" : ",").append("'").append(named(key)).append("'");
    }
    return profile(
        "{'knows':['ecdsa-p256-sha256','ed25519','ml-dsa-65'],'manifest':{'rule':{'all':["
            + rule
            + "]}},'lineage':{'name':'hybrid','thresholds':{'classical':1,'postQuantum':1}},"
            + "'minStrengthBits':128,'tls':{'versions':['TLSv1.3'],'suites':['"
            + GCM
            + "'],'serverAnchors':['server'],'clientKey':'p-384'},'servers':['localhost'],"
            + "'ports':["
            + port
            + "]}");
  }

  /** Asks for a profile like the first one, of a lineage and of code that knows these suites. */
  public Answer registerProfile(String lineage, String knows, int minStrengthBits) {
    return admin.post(
        base + "/profiles",
        "{'knows':["
            + knows
            + "],'manifest':{'rule':{'all':['"
            + named("manifest")
            + "']}},'lineage':"
            + lineage
            + ",'minStrengthBits':"
            + minStrengthBits
            + ",'tls':{'versions':['TLSv1.2'],'suites':['"
            + CBC
            + "'],'serverAnchors':['server'],'clientKey':'rsa-2048'},'servers':['localhost'],"
            + "'ports':[8443]}");
  }

  private String profile(String spec) {
    return admin.post(base + "/profiles", spec).expect(201).string("digest");
  }

  public Digest payload(String content) {
    byte[] bytes = content.repeat(2000).getBytes(StandardCharsets.UTF_8);
    return new Digest(admin.upload("/api/v1/payloads", bytes).expect(201).string("sha256"));
  }

  /** A signing request for a build by the given keys. */
  public Answer request(String version, String profile, String imageKeys, String manifestKeys) {
    return request(version, profile, imageKeys, manifestKeys, "");
  }

  public Answer request(
      String version, String profile, String imageKeys, String manifestKeys, String more) {
    return admin.post(
        base + "/requests",
        "{'version':'"
            + version
            + "','securityCounter':7,'hardware':[{'id':'gw','revisions':['a']}],"
            + "'format':'mcuboot','payload':'"
            + payload("payload of " + version)
            + "','imageKeys':["
            + names(imageKeys)
            + "],'manifestKeys':["
            + names(manifestKeys)
            + "],'profile':'"
            + profile
            + "'"
            + more
            + "}");
  }

  /** A build that becomes ready. */
  public void build(String version, String profile, String imageKeys, String manifestKeys) {
    build(version, profile, imageKeys, manifestKeys, "");
  }

  public void build(
      String version, String profile, String imageKeys, String manifestKeys, String more) {
    Answer answer = request(version, profile, imageKeys, manifestKeys, more).expect(201);
    if (!answer.string("state").equals("ready")) {
      throw new AssertionError(answer.text());
    }
  }

  private String names(String commaSeparated) {
    StringBuilder names = new StringBuilder();
    for (String name : commaSeparated.split(",", -1)) {
      names.append(names.isEmpty() ? "'" : ",'").append(named(name)).append("'");
    }
    return names.toString();
  }

  public void device(String id, String version) {
    admin
        .post(
            base + "/devices",
            "{'deviceId':'"
                + id
                + "','hardware':'gw','revision':'a','bootloader':'boot1','channel':'stable',"
                + "'clockClass':'rtc','build':'"
                + version
                + "'}")
        .expect(201);
  }

  public Answer release(String version, boolean bridge) {
    return admin.post(
        base + "/releases",
        "{'channel':'stable','hardware':'gw','version':'" + version + "','bridge':" + bridge + "}");
  }

  public Answer step(String version, String step) {
    return admin.post(base + "/releases/stable/gw/" + version + "/" + step, "{}");
  }
}
