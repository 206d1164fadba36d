package dev.otasigner.system.fates;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.system.fates.FleetPlan.Build;
import dev.otasigner.system.fates.FleetPlan.Door;
import dev.otasigner.system.fates.FleetPlan.Offer;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A drawn product at the service, told through the HTTP API. What it refuses does not come to be.
 */
final class FleetProduct {
  static final String HARDWARE = "gw";
  static final String CHANNEL = "stable";

  /** What every payload ends with; before it stands what tells it from others. */
  private static final String CODE = "0123456789abcdef".repeat(64);

  private final MovedService service;
  private final FleetPlan plan;
  private final String name;
  private final String base;
  private final Map<Door, Integer> ports = new EnumMap<>(Door.class);
  private final Map<String, String> profiles = new HashMap<>();
  private final Set<String> signed = new HashSet<>();
  private final List<String> log = new ArrayList<>();

  FleetProduct(MovedService service, FleetPlan plan, String name) {
    this.service = service;
    this.plan = plan;
    this.name = name;
    this.base = "/api/v1/products/" + name;
  }

  /** A release as the service tells of it. */
  record Released(String version, boolean bridge, int share) {
    int major() {
      return Prediction.major(version);
    }
  }

  private Admin admin() {
    return service.admin();
  }

  String name() {
    return name;
  }

  String base() {
    return base;
  }

  int port(Door door) {
    return Objects.requireNonNull(ports.get(door));
  }

  /** What the service refused on the way, for people. */
  List<String> log() {
    return log;
  }

  /** Names of keys and listeners are the service's own, so that each product has its prefix. */
  String named(String what) {
    return name + "-" + what;
  }

  void found() throws IOException {
    admin().post("/api/v1/products", "{'name':'" + name + "'}").expect(201);
    admin().post(base + "/hardware", "{'id':'gw','revisions':['a']}").expect(201);
    admin().post(base + "/channels", "{'name':'stable'}").expect(201);
    for (FleetPlan.Key key : plan.keys()) {
      admin()
          .post(
              "/api/v1/keys",
              String.format(
                  Locale.ROOT,
                  "{'name':'%s','purpose':'%s','suite':'%s','token':'software'}",
                  named(key.name()),
                  key.purpose(),
                  key.suite()))
          .expect(201);
      admin().post("/api/v1/keys/" + named(key.name()) + "/activate", "{}").expect(200);
    }
    for (FleetPlan.Bootloader bootloader : plan.bootloaders()) {
      String anchors =
          bootloader.anchors().stream()
              .map(key -> "{'key':'" + named(key) + "'}")
              .collect(Collectors.joining(","));
      admin()
          .post(
              base + "/bootloaders",
              String.format(
                  Locale.ROOT,
                  "{'id':'%s','hardware':'gw','anchors':[%s],'allowList':true,"
                      + "'rollbackProtection':true,'updatable':%s,'keyTlv':'keyhash',"
                      + "'slotBytes':131072}",
                  bootloader.id(),
                  anchors,
                  bootloader.updatable()))
          .expect(201);
    }
    for (Door door : Door.values()) {
      ports.put(door, service.open(named(door.listener()), door));
    }
    for (FleetPlan.Profile profile : plan.profiles()) {
      profiles.put(
          profile.name(),
          admin().post(base + "/profiles", json(profile)).expect(201).string("digest"));
    }
    for (Build build : plan.builds()) {
      sign(build, version(build, 0), List.of());
    }
    for (Build build : plan.builds()) {
      if (build.offer() != Offer.HEAD || !plan.headLate()) {
        offer(build);
      }
    }
  }

  private String json(FleetPlan.Profile profile) {
    return String.format(
        Locale.ROOT,
        "{'knows':['ecdsa-p256-sha256','ecdsa-p384-sha384','ed25519','ml-dsa-65'],"
            + "'manifest':{'rule':{'%s':[%s]}},'lineage':{'name':'%s'%s},'minStrengthBits':112,"
            + "'tls':{'versions':[%s],'suites':[%s],'serverAnchors':['server'],'clientKey':'%s'},"
            + "'servers':['localhost'],'ports':[%s]}",
        profile.rule(),
        names(profile.keys()),
        profile.lineage(),
        profile.hybrid() ? ",'thresholds':{'classical':1,'postQuantum':1}" : "",
        quoted(profile.speaks().stream().map(Door::version).toList()),
        quoted(profile.speaks().stream().map(Door::suite).toList()),
        profile.clientKey(),
        profile.speaks().stream()
            .map(door -> Integer.toString(port(door)))
            .collect(Collectors.joining(",")));
  }

  /** Does with a build what the plan says. */
  void offer(Build build) {
    if (build.offer() == Offer.FACTORY || build.offer() == Offer.UNLISTED) {
      return;
    }
    boolean bridge = build.offer() != Offer.HEAD;
    String version = version(build, 0);
    boolean released = release(version, bridge, bridge ? 1000 : plan.share());
    if (!released && !bridge) {
      release(version, true, 1000); // a head that leads to where nobody is
    } else if (released && build.offer() == Offer.WITHDRAWN_BRIDGE) {
      withdraw(version);
    } else if (released && build.offer() == Offer.PAUSED_BRIDGE) {
      admin().post(at(version) + "/pause", "{}").expect(200);
    }
  }

  /** The build as it was drawn is 0; what is like it comes later in its line. */
  static String version(Build build, int number) {
    return build.major() + ".0.0+" + number;
  }

  /** Signs a build unless some key that it needs is among these; says whether it is there. */
  boolean sign(Build build, String version, List<String> without) {
    return sign(build, version, without, "");
  }

  /** The same for devices that run an earlier build of its line, where it is not for all. */
  boolean signFollower(Build build, String version, List<String> without) {
    return sign(
        build,
        version,
        without,
        build.from().isEmpty() ? "" : from(new FleetPlan.From(build.major(), build.major())));
  }

  private boolean sign(Build build, String version, List<String> without, String from) {
    if (signed.contains(version)) {
      return true;
    }
    List<String> imageKeys = build.imageKeys().stream().filter(k -> !without.contains(k)).toList();
    List<String> manifestKeys =
        build.manifestKeys().stream().filter(k -> !without.contains(k)).toList();
    if (imageKeys.isEmpty() || manifestKeys.isEmpty()) {
      return false;
    }
    byte[] payload = (name + version + CODE).getBytes(StandardCharsets.US_ASCII);
    Digest digest =
        new Digest(admin().upload("/api/v1/payloads", payload).expect(201).string("sha256"));
    Answer answer =
        admin()
            .post(
                base + "/requests",
                String.format(
                    Locale.ROOT,
                    "{'version':'%s','securityCounter':1,'hardware':[{'id':'gw','revisions':['a']}],"
                        + "'format':'mcuboot','payload':'%s','imageKeys':[%s],'manifestKeys':[%s],"
                        + "'profile':'%s'%s%s}",
                    version,
                    digest,
                    names(imageKeys),
                    names(manifestKeys),
                    profiles.get(build.profile()),
                    build.component().map(id -> ",'bootloader':{'id':'" + id + "'}").orElse(""),
                    from.isEmpty() ? build.from().map(FleetProduct::from).orElse("") : from));
    boolean ready = answer.status() == 201 && answer.string("state").equals("ready");
    if (ready) {
      signed.add(version);
    } else {
      log.add("not signed: " + version + " " + answer.text());
    }
    return ready;
  }

  private static String from(FleetPlan.From from) {
    return String.format(
        Locale.ROOT,
        ",'from':[{'min':'%d.0.0','max':'%d.255.65535+4294967295'}]",
        from.lowest(),
        from.highest());
  }

  /** Says whether it is offered now. */
  boolean release(String version, boolean bridge, int share) {
    Answer answer =
        admin()
            .post(
                base + "/releases",
                String.format(
                    Locale.ROOT,
                    "{'channel':'stable','hardware':'gw','version':'%s','bridge':%s,'sharePerMille':%d}",
                    version,
                    bridge,
                    share));
    if (answer.status() != 201) {
      log.add("not released: " + version + " " + answer.text());
    }
    return answer.status() == 201;
  }

  /** Names the devices that go first. */
  void first(String version) {
    String first =
        plan.devices().stream()
            .filter(FleetPlan.Device::first)
            .map(device -> "'" + device.id() + "'")
            .collect(Collectors.joining(","));
    admin().post(at(version) + "/devices/test", "{'set':[" + first + "]}").expect(200);
  }

  /** Withdraws a release, whoever is cut off by it; says whether nobody is. */
  boolean withdraw(String version) {
    Answer answer = admin().post(at(version) + "/withdraw", "{}");
    if (answer.status() == 200) {
      return true;
    }
    answer.expectProblem(409, "would-strand");
    Map<String, Long> counts = new TreeMap<>();
    try {
      for (Fields cohort : answer.json().object("impact").objects("cohorts", 100)) {
        counts.merge(
            cohort.string("version"), cohort.integer("count", 1, Integer.MAX_VALUE), Long::sum);
      }
    } catch (RejectedException e) {
      throw new AssertionError(answer.text(), e);
    }
    String stranded =
        counts.entrySet().stream()
            .map(e -> "{'version':'" + e.getKey() + "','count':" + e.getValue() + "}")
            .collect(Collectors.joining(","));
    admin().post(at(version) + "/withdraw", "{'stranded':[" + stranded + "]}").expect(200);
    return false;
  }

  private String at(String version) {
    return base + "/releases/stable/gw/" + version;
  }

  /** Whether nobody is cut off by it; otherwise the key goes on as far as the service knows. */
  boolean deactivate(String key) {
    Answer answer = admin().post("/api/v1/keys/" + named(key) + "/deactivate", "{}");
    if (answer.status() != 200) {
      answer.expectProblem(409, "would-strand");
    }
    return answer.status() == 200;
  }

  /** Whether nobody is cut off by it; otherwise its port is blocked. */
  boolean close(Door door) throws Exception {
    Answer answer = admin().post("/api/v1/listeners/" + named(door.listener()) + "/close", "{}");
    if (answer.status() != 200) {
      answer.expectProblem(409, "would-strand");
      service.block(port(door));
    }
    return answer.status() == 200;
  }

  /** What is offered now. */
  List<Released> offered() {
    try {
      List<Released> offered = new ArrayList<>();
      for (Fields release :
          admin().get(base + "/releases?limit=100").expect(200).json().objects("releases", 100)) {
        if (release.string("state").equals("published")) {
          offered.add(
              new Released(
                  release.string("version"),
                  release.bool("bridge"),
                  (int) release.integer("sharePerMille", 0, 1000)));
        }
      }
      return offered;
    } catch (RejectedException e) {
      throw new AssertionError(e);
    }
  }

  Build build(int major) {
    return plan.builds().stream().filter(b -> b.major() == major).findFirst().orElseThrow();
  }

  /** Nothing of it is left that costs anything. */
  void end() {
    service.forgetDevices(name);
    for (Door door : Door.values()) {
      admin().post("/api/v1/listeners/" + named(door.listener()) + "/close", "{}");
    }
  }

  private String names(List<String> keys) {
    return quoted(keys.stream().map(this::named).toList());
  }

  private static String quoted(List<String> texts) {
    return texts.stream().distinct().map(t -> "'" + t + "'").collect(Collectors.joining(","));
  }
}
