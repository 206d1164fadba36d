package dev.otasigner.verifier.testing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Rule;
import dev.otasigner.verifier.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes the profile of a build, member by member; what is not said is sound. */
public final class TestProfile {
  private final List<Json> anchors = new ArrayList<>();
  private final Map<String, Json> extra = new LinkedHashMap<>();
  private List<String> knows;
  private Json rule;
  private String lineage = "first";
  private Digest root = TestFleet.digest("root of the first lineage");
  private Json.@Nullable Obj thresholds;
  private int minStrengthBits = 112;
  private ClientKeyType clientKey = ClientKeyType.RSA_2048;
  private List<String> servers = List.of("localhost");
  private List<Json> ports = List.of(new Json.Num(443));
  private List<String> serverAnchors = List.of(TestFleet.digest("server").hex());
  private List<String> tlsVersions = List.of("TLSv1.2");
  private List<String> tlsSuites = List.of("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256");

  private TestProfile(List<TestKey> keys) {
    knows = new ArrayList<>(keys.stream().map(k -> k.suite().code()).distinct().toList());
    keys.forEach(k -> anchors.add(k.anchor().toJson()));
    rule = new Rule.Any(keys.stream().map(k -> (Rule) new Rule.Key(k.keyId())).toList()).toJson();
  }

  /** A profile under which any of these keys may sign a manifest. */
  public static TestProfile any(TestKey... keys) {
    return new TestProfile(List.of(keys));
  }

  /** A profile under which all of these keys must sign a manifest. */
  public static TestProfile all(TestKey... keys) {
    TestProfile profile = new TestProfile(List.of(keys));
    return profile.rule(
        new Rule.All(Arrays.stream(keys).map(k -> (Rule) new Rule.Key(k.keyId())).toList()));
  }

  public TestProfile knows(SignatureSuite... suites) {
    knows = Arrays.stream(suites).map(SignatureSuite::code).toList();
    return this;
  }

  public TestProfile knowsToo(String suite) {
    knows = new ArrayList<>(knows);
    knows.add(suite);
    return this;
  }

  public TestProfile rule(Rule value) {
    rule = value.toJson();
    return this;
  }

  public TestProfile anchor(Json anchor) {
    anchors.add(anchor);
    return this;
  }

  public TestProfile lineage(String name) {
    lineage = name;
    root = TestFleet.digest("root of lineage " + name);
    return this;
  }

  public TestProfile root(Digest value) {
    root = value;
    return this;
  }

  public TestProfile thresholds(int classical, int postQuantum) {
    thresholds = Json.object().put("classical", classical).put("postQuantum", postQuantum).build();
    return this;
  }

  public TestProfile minStrengthBits(int bits) {
    minStrengthBits = bits;
    return this;
  }

  public TestProfile clientKey(ClientKeyType type) {
    clientKey = type;
    return this;
  }

  public TestProfile servers(String... names) {
    servers = List.of(names);
    return this;
  }

  public TestProfile ports(int... numbers) {
    ports = Arrays.stream(numbers).mapToObj(n -> (Json) new Json.Num(n)).toList();
    return this;
  }

  public TestProfile serverAnchors(Digest... anchorsOfServers) {
    serverAnchors = Arrays.stream(anchorsOfServers).map(Digest::hex).toList();
    return this;
  }

  public TestProfile tls(List<String> versions, List<String> suites) {
    tlsVersions = versions;
    tlsSuites = suites;
    return this;
  }

  /** A member that no reader of today knows. */
  public TestProfile member(String name, Json value) {
    extra.put(name, value);
    return this;
  }

  public byte[] bytes() {
    Map<String, Json> members =
        new LinkedHashMap<>(
            Json.object()
                .put("schema", 1)
                .put("knows", Json.strings(knows))
                .put("manifest", Json.object().put("rule", rule).put("anchors", anchors).build())
                .put("lineage", lineageJson())
                .put("minStrengthBits", minStrengthBits)
                .put("tls", tls())
                .put("servers", Json.strings(servers))
                .put("ports", ports)
                .build()
                .members());
    members.putAll(extra);
    return new Json.Obj(members).canonicalBytes();
  }

  private Json lineageJson() {
    return Json.object()
        .put("name", lineage)
        .put("rootSha256", root)
        .put("thresholds", thresholds)
        .build();
  }

  private Json tls() {
    return Json.object()
        .put("versions", Json.strings(tlsVersions))
        .put("suites", Json.strings(tlsSuites))
        .put("groups", Json.strings(List.of("secp256r1")))
        .put("serverAnchors", Json.strings(serverAnchors))
        .put("clientKey", clientKey.code())
        .build();
  }

  public Profile read() {
    try {
      return Profile.read(bytes());
    } catch (RejectedException e) {
      throw new IllegalStateException(new String(bytes(), StandardCharsets.UTF_8), e);
    }
  }
}
