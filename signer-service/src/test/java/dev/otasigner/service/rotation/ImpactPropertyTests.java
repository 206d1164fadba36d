package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.NothingScheduled;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.catalogue.ListedReleases;
import dev.otasigner.service.catalogue.ServiceFixture;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.service.fleet.Bootloaders;
import dev.otasigner.service.fleet.Profiles;
import dev.otasigner.service.rotation.DrawnChange.Kind;
import dev.otasigner.service.rotation.DrawnProduct.Build;
import dev.otasigner.service.rotation.DrawnProduct.Device;
import dev.otasigner.service.rotation.DrawnProduct.Signer;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.signing.StoredBuilds;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/**
 * Predictions for drawn products against a brute force of the device's own code: see
 * docs/explanation/predictions.md. By command more of them, from another seed on: {@code
 * -Dimpact.seeds=300 -Dimpact.first=1000}.
 */
@NothingScheduled
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import({ServiceFixture.class, StoredBuilds.class, ListedReleases.class})
class ImpactPropertyTests {
  private static final Logger log = LoggerFactory.getLogger(ImpactPropertyTests.class);
  private static final int SEEDS = 25;
  private static final int CHANGES = 5;

  /** Of so many of them the question is asked twice. */
  private static final int TWICE = 2;

  private static final int MAX_COHORTS = 99;
  private static final String GCM = "TLS_AES_256_GCM_SHA384";
  private static final String PRODUCT = "drawn";
  private static final String BASE = "/api/v1/products/" + PRODUCT;
  private static final Map<String, Integer> TALLY = new TreeMap<>();

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private JdbcClient jdbc;
  @Autowired private Bootloaders bootloaders;
  @Autowired private Profiles profiles;
  @Autowired private StoredBuilds builds;
  @Autowired private ListedReleases releases;
  @Autowired private Catalogue catalogue;
  @Autowired private FleetFacts fleet;

  private static Admin admin = Admin.anonymous(0);

  @SuppressWarnings("NullAway.Init") // by theProduct()
  private static ProductDrawing.Pool pool;

  @SuppressWarnings("NullAway.Init") // by aProduct()
  private InstalledProduct installed;

  private final List<String> differences = new ArrayList<>();

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
  }

  static LongStream seeds() {
    long first = Long.getLong("impact.first", 1);
    return LongStream.range(first, first + Integer.getInteger("impact.seeds", SEEDS));
  }

  @BeforeEach
  void aProduct() throws Exception {
    installed =
        new InstalledProduct(
            PRODUCT, jdbc, bootloaders, profiles, builds, releases, catalogue, fleet);
    if (jdbc.sql("select count(*) from fleet_product").query(Long.class).single() == 0) {
      admin = Admin.withEveryRole(port, printed.password());
      theProduct(AtTheBridge.freePort(), AtTheBridge.freePort());
    }
  }

  /** One for all that are drawn, since to make its lineages takes time. */
  private void theProduct(int legacyPort, int modernPort) {
    open(DrawnChange.DOORS.get(0), legacyPort, "TLSv1.2", Story.CBC, "rsa-2048");
    open(DrawnChange.DOORS.get(1), modernPort, "TLSv1.3", GCM, "p-384");
    admin.post("/api/v1/products", "{'name':'" + PRODUCT + "'}").expect(201);
    admin.post(BASE + "/hardware", "{'id':'gw','revisions':['a']}").expect(201);
    admin.post(BASE + "/channels", "{'name':'stable'}").expect(201);
    List<Signer> keys = ProductDrawing.Pool.mixed();
    installed.know(keys);
    String by = keys.get(keys.size() - 1).name();
    pool =
        new ProductDrawing.Pool(
            keys,
            List.of(
                lineage("'main'", by, "TLSv1.2", Story.CBC),
                lineage(
                    "'hybrid','thresholds':{'classical':1,'postQuantum':1}", by, "TLSv1.3", GCM)),
            List.of(legacyPort, modernPort));
  }

  private static void open(String name, int number, String version, String suite, String key) {
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'"
                + name
                + "','port':"
                + number
                + ",'kind':'device','tls':{'versions':['"
                + version
                + "'],'suites':['"
                + suite
                + "'],'serverKey':'"
                + key
                + "'}}")
        .expect(201);
  }

  /** A profile of a lineage, which is made by it. */
  private Profile lineage(String name, String key, String version, String suite) {
    String digest =
        admin
            .post(
                BASE + "/profiles",
                "{'knows':['ecdsa-p256-sha256','ecdsa-p384-sha384','ed25519','ml-dsa-65'],"
                    + "'manifest':{'rule':{'any':['"
                    + key
                    + "']}},'lineage':{'name':"
                    + name
                    + "},'minStrengthBits':112,'tls':{'versions':['"
                    + version
                    + "'],'suites':['"
                    + suite
                    + "'],'serverAnchors':['server'],'clientKey':'p-384'},"
                    + "'servers':['localhost'],'ports':[8443]}")
            .expect(201)
            .string("digest");
    return profiles.find(PRODUCT, new Digest(digest)).orElseThrow();
  }

  /** A drawn product, at the service and in the hands of the brute force. */
  private final class Scene {
    private final DrawnProduct product;
    private final Map<String, DeviceState> states = new LinkedHashMap<>();
    private final Map<String, Head> announced;
    private final LivedFates fates;
    private final LivedFates cautiousFates;

    Scene(long seed) throws RejectedException, IOException {
      product = ProductDrawing.of(pool, seed);
      BuildMaker maker = new BuildMaker(product, PRODUCT);
      installed.become(product, maker);
      announced = installed.announced();
      product.devices().forEach(d -> states.put(d.id(), installed.state(d, maker)));
      fates = fates(maker, false);
      cautiousFates = fates(maker, true);
    }

    private LivedFates fates(BuildMaker maker, boolean cautious) {
      return new LivedFates(
          product, maker, announced, installed.lineages(), pool.ports(), cautious);
    }

    LivedVerdict verdict(DrawnChange change, String device, boolean cautious) {
      Device drawn =
          product.devices().stream().filter(d -> d.id().equals(device)).findFirst().orElseThrow();
      return new LivedVerdict(
          product,
          cautious ? cautiousFates : fates,
          announced,
          pool.ports(),
          change,
          Objects.requireNonNull(states.get(device)),
          drawn.profile(),
          states.values());
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void whatIsPredictedIsWhatDevicesLive(long seed) throws Exception {
    Scene scene = new Scene(seed);
    Random random = new Random(seed);
    Answer nothing = ask(DrawnChange.NOTHING);
    compare(scene, DrawnChange.NOTHING, nothing);
    for (int i = 0; i < CHANGES; i++) {
      DrawnChange change = DrawnChange.of(scene.product, kinds(seed * CHANGES + i, random), random);
      Answer answer = ask(change);
      compare(scene, change, answer);
      if (i < TWICE) {
        askedTwice(change, answer);
      }
    }
    moreKeys(scene, random);
    prune(scene, random);
    undone(nothing);
    if (seed % 5 == 0) {
      withdrawnAndBack(scene, nothing);
    }
    log.info("seed {}: {} cohorts", seed, cohorts(nothing).size());
    assertThat(differences).as(scene.product.toString()).isEmpty();
  }

  /** Kinds take turns; now and then two or three come together. */
  private static Set<Kind> kinds(long turn, Random random) {
    Kind[] all = Kind.values();
    Set<Kind> kinds = EnumSet.of(all[(int) Math.floorMod(turn, (long) all.length)]);
    while (random.nextInt(100) < 35) {
      kinds.add(all[random.nextInt(all.length)]);
    }
    kinds.forEach(kind -> count("change " + kind));
    return kinds;
  }

  private static void count(String what) {
    TALLY.merge(what, 1, Integer::sum);
  }

  private static Answer ask(DrawnChange change) {
    return ask(change.json());
  }

  private static Answer ask(Json.Obj change) {
    return admin.post(BASE + "/rotation/impact", change).expect(200);
  }

  private static List<Fields> cohorts(Answer answer) throws RejectedException {
    return answer.json().objects("cohorts", MAX_COHORTS);
  }

  private static String withoutRuns(Answer answer) {
    return answer.text().replaceAll("\"policyRuns\":\\d+", "");
  }

  private void compare(Scene scene, DrawnChange change, Answer answer) throws RejectedException {
    List<Fields> cohorts = cohorts(answer);
    assertThat(cohorts).hasSize(new LinkedHashSet<>(scene.states.values()).size());
    for (Fields cohort : cohorts) {
      String device = cohort.strings("devices", MAX_COHORTS).get(0);
      count(isCutOff(cohort) ? "stranded" : "served");
      repairs(cohort).forEach(repair -> count(repair.substring(0, repair.indexOf(' '))));
      LivedVerdict lived = scene.verdict(change, device, false);
      List<String> wrong = wrong(cohort, lived);
      if (!wrong.isEmpty()
          && (isCutOff(cohort) || !lived.isStranded())
          && wrong(cohort, scene.verdict(change, device, true)).isEmpty()) {
        count("overcautious");
      } else if (!wrong.isEmpty()) {
        differences.add(change + " for " + device + ": " + wrong + ", predicted " + text(cohort));
      }
    }
  }

  /** Who was cut off before is not cut off by the change. */
  private static boolean isCutOff(Fields cohort) throws RejectedException {
    return !cohort.bool("served") && !cohort.has("strandedBefore");
  }

  private static List<String> wrong(Fields cohort, LivedVerdict lived) throws RejectedException {
    List<String> wrong = new ArrayList<>();
    if (isCutOff(cohort) != lived.isStranded()) {
      wrong.add("lost " + lived.lost());
    }
    List<String> way = lived.way().stream().map(ImageVersion::toString).toList();
    if (!cohort.strings("way", MAX_COHORTS).equals(way)) {
      wrong.add("goes " + way);
    }
    if (isCutOff(cohort) && lived.isStranded()) {
      repairs(cohort, lived, wrong);
    }
    return wrong;
  }

  private static String text(Fields cohort) throws RejectedException {
    return (cohort.bool("served")
            ? "served"
            : "stranded by " + cohort.string("reason") + " " + cohort.string("detail"))
        + " on the way "
        + cohort.strings("way", MAX_COHORTS)
        + " repairs "
        + repairs(cohort);
  }

  private static Set<String> repairs(Fields cohort) throws RejectedException {
    Set<String> repairs = new TreeSet<>();
    for (Fields repair : cohort.objects("repairs", MAX_COHORTS)) {
      repairs.add(repair.string("kind") + " " + repair.string("what"));
    }
    return repairs;
  }

  /** Whatever is named saves; and where something saves, something of its kind is named. */
  private static void repairs(Fields cohort, LivedVerdict lived, List<String> wrong)
      throws RejectedException {
    Set<String> named = repairs(cohort);
    Set<String> waits = told("wait-for-build ", lived.waits());
    Set<String> publishes = told("publish-bridge ", lived.publishes());
    Set<String> keeps = lived.keeps();
    Set<String> saving = new TreeSet<>(waits);
    saving.addAll(publishes);
    saving.addAll(keeps);
    if (!saving.containsAll(named)) {
      wrong.add("saved only by " + saving);
    }
    if (!waits.isEmpty() && named.stream().noneMatch(waits::contains)) {
      wrong.add("saved by " + waits);
    }
    if (waits.isEmpty() && !publishes.isEmpty() && named.stream().noneMatch(publishes::contains)) {
      wrong.add("saved by " + publishes);
    }
    if (!named.containsAll(keeps)) {
      wrong.add("saved by " + keeps);
    }
  }

  private static Set<String> told(String kind, Set<ImageVersion> builds) {
    return builds.stream().map(v -> kind + v).collect(Collectors.toCollection(TreeSet::new));
  }

  private static void askedTwice(DrawnChange change, Answer first) throws RejectedException {
    Answer second = ask(change);
    assertThat(second.json().integer("policyRuns", 0, Integer.MAX_VALUE)).as("%s", change).isZero();
    assertThat(withoutRuns(second)).isEqualTo(withoutRuns(first));
  }

  /** A question leaves nothing behind. */
  private static void undone(Answer before) throws RejectedException {
    Answer after = ask(DrawnChange.NOTHING);
    assertThat(after.json().integer("policyRuns", 0, Integer.MAX_VALUE)).isZero();
    assertThat(withoutRuns(after)).isEqualTo(withoutRuns(before));
  }

  /**
   * Whom the loss of a key cuts off is not saved by the loss of another one, unless it goes another
   * way then: a build that is refused can be one that leads nowhere.
   */
  private void moreKeys(Scene scene, Random random) throws RejectedException {
    List<Signer> keys = scene.product.keys();
    Set<Signer> fewer = new LinkedHashSet<>(List.of(keys.get(random.nextInt(keys.size()))));
    Set<Signer> more = new LinkedHashSet<>(fewer);
    more.add(keys.get(random.nextInt(keys.size())));
    List<Fields> before = cohorts(ask(DrawnChange.retiring(fewer)));
    List<Fields> after = cohorts(ask(DrawnChange.retiring(more)));
    for (int i = 0; i < before.size(); i++) {
      boolean saved = isCutOff(before.get(i)) && !isCutOff(after.get(i));
      if (saved) {
        count("saved by a detour");
      }
      if (saved
          && before
              .get(i)
              .strings("way", MAX_COHORTS)
              .equals(after.get(i).strings("way", MAX_COHORTS))) {
        differences.add(fewer + " strands, and " + more + " does not: " + text(before.get(i)));
      }
    }
  }

  private void prune(Scene scene, Random random) throws RejectedException {
    if (scene.product.stopped().isPresent()) {
      return; // of builds as they are signed it is asked, whoever would sign them no more
    }
    List<Build> all = scene.product.builds();
    Build build = all.get(random.nextInt(all.size()));
    Json.Obj change =
        Json.object().put("prune", Json.strings(List.of(build.version().toString()))).build();
    for (Fields cohort : cohorts(ask(change))) {
      String device = cohort.strings("devices", MAX_COHORTS).get(0);
      boolean needed = scene.verdict(DrawnChange.NOTHING, device, false).needs(build);
      count(needed ? "needed" : "not needed");
      if (isCutOff(cohort) != needed) {
        differences.add(build.version() + " is needed by " + device + ": " + needed);
      }
    }
  }

  /** All that is offered is taken back, and offered again. */
  private void withdrawnAndBack(Scene scene, Answer before) throws RejectedException, IOException {
    Set<ImageVersion> offered =
        scene.product.builds().stream()
            .filter(build -> build.terms().isPresent())
            .map(Build::version)
            .collect(Collectors.toSet());
    installed.offer(scene.product, offered);
    for (Fields cohort : cohorts(ask(DrawnChange.NOTHING))) {
      assertThat(cohort.strings("way", MAX_COHORTS)).isEmpty();
    }
    installed.offer(scene.product, Set.of());
    undone(before);
  }

  /** Products that are all cut off, or all served, would say nothing. */
  @AfterAll
  static void theyWereManifold() {
    log.info("{} seeds: {}", seeds().count(), TALLY);
    if (seeds().count() < SEEDS) {
      return;
    }
    for (Kind kind : Kind.values()) {
      assertThat(TALLY).as("%s", TALLY).hasEntrySatisfying("change " + kind, atLeast(10));
    }
    for (String what : List.of("served", "stranded")) {
      assertThat(TALLY).as("%s", TALLY).hasEntrySatisfying(what, atLeast(100));
    }
    for (String what : List.of("needed", "not needed")) {
      assertThat(TALLY).as("%s", TALLY).hasEntrySatisfying(what, atLeast(10));
    }
    for (String repair : List.of("wait-for-build", "publish-bridge", "keep-key", "keep-listener")) {
      assertThat(TALLY).as("%s", TALLY).hasEntrySatisfying(repair, atLeast(3));
    }
  }

  private static Consumer<Integer> atLeast(int least) {
    return count -> assertThat(count).isGreaterThanOrEqualTo(least);
  }
}
