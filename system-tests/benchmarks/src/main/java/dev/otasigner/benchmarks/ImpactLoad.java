package dev.otasigner.benchmarks;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What it costs to ask who would be stranded, in a fleet of a million devices. Products, keys,
 * builds and lists of devices come through the API, and so do the first release of each channel and
 * hardware and the last of all. The releases between are rows that are copied in the database: each
 * release reads all that are listed, so that thousands by themselves take hours. {@code
 * IMPACT_BUILDS} makes fewer builds.
 */
final class ImpactLoad {
  private static final String PRODUCT = "/api/v1/products/big";
  private static final int BUILDS =
      Integer.parseInt(System.getenv().getOrDefault("IMPACT_BUILDS", "10000"));
  private static final int IMAGE_BYTES = 256 * 1024;
  private static final int HARDWARE = 10;
  private static final int CHANNELS = 5;
  private static final int ROLES = HARDWARE * CHANNELS;
  private static final int PROFILES = 50;
  private static final int COHORTS = 5_000;
  private static final int DEVICES = 1_000_000;
  private static final int LIST = 100_000;
  private static final List<String> CLOCKS = List.of("rtc", "network", "none");

  private final Path launcher;
  private final Path data;
  private final PrintStream out;
  private final List<String> profiles = new ArrayList<>();
  private final List<Built> builds = new ArrayList<>();
  private final Random random = new Random(8);

  /** A build for one hardware and channel. */
  private record Built(int role, String version) {
    String hardware() {
      return "hw" + role % HARDWARE;
    }

    String channel() {
      return "c" + role / HARDWARE;
    }
  }

  private ImpactLoad(Path launcher, Path data, PrintStream out) {
    this.launcher = launcher;
    this.data = data;
    this.out = out;
  }

  static void measure(Path launcher, PrintStream out) throws IOException, RejectedException {
    Path desk = Files.createTempDirectory("benchmark-");
    try {
      ImpactLoad load = new ImpactLoad(launcher, desk.resolve("data"), out);
      load.prepare();
      load.ask();
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void prepare() throws IOException, RejectedException {
    try (RunningService service = RunningService.first(launcher, data, Installation.SETTINGS);
        RunningService.Connection admin = service.connect()) {
      key(admin, "image", "image", "ecdsa-p256-sha256");
      key(admin, "image-next", "image", "ed25519");
      key(admin, "manifest", "manifest", "ed25519");
      admin.post("/api/v1/products", "{'name':'big'}");
      for (int c = 0; c < CHANNELS; c++) {
        admin.post(PRODUCT + "/channels", "{'name':'c" + c + "'}");
      }
      for (int h = 0; h < HARDWARE; h++) {
        admin.post(PRODUCT + "/hardware", "{'id':'hw" + h + "','revisions':['a']}");
        bootloader(admin, h, "old", "{'key':'image'}");
        bootloader(admin, h, "both", "{'key':'image'},{'key':'image-next'}");
      }
      for (int p = 0; p < PROFILES; p++) {
        profiles.add(profile(admin, 20_000 + p));
      }
      long begun = System.nanoTime();
      for (int i = 0; i < BUILDS; i++) {
        builds.add(sign(admin, i));
        if (i < ROLES) {
          release(admin, builds.get(i));
        }
        if ((i + 1) % Math.max(1, BUILDS / 10) == 0) {
          out.printf(Locale.ROOT, "%d builds signed in %.0f s%n", i + 1, seconds(begun));
        }
      }
    }
    copyReleases();
    try (RunningService service = RunningService.again(launcher, data, Installation.SETTINGS);
        RunningService.Connection admin = service.connect()) {
      long begun = System.nanoTime();
      release(admin, builds.get(BUILDS - 1));
      out.printf(Locale.ROOT, "all %d announced in %.0f s%n", BUILDS, seconds(begun));
      manufacture(admin);
    }
  }

  /** Lists what was signed, but for the last, as the first of its channel and hardware is. */
  private void copyReleases() throws IOException {
    try (Connection database = Installation.database(data);
        PreparedStatement insert =
            database.prepareStatement(
                "insert into catalogue_release select "
                    + columns(database)
                    + " from catalogue_release where product = 'big' and version = ?")) {
      for (int i = ROLES; i < BUILDS - 1; i++) {
        insert.setObject(1, UUID.randomUUID());
        insert.setString(2, builds.get(i).version());
        insert.setString(3, builds.get(i % ROLES).version());
        insert.addBatch();
      }
      insert.executeBatch();
    } catch (SQLException e) {
      throw new IOException("releases could not be copied", e);
    }
  }

  /** All columns of a release in their order, a mark in place of its own id and version. */
  private static String columns(Connection database) throws SQLException {
    List<String> columns = new ArrayList<>();
    try (PreparedStatement none =
            database.prepareStatement("select * from catalogue_release where false");
        ResultSet rows = none.executeQuery()) {
      ResultSetMetaData described = rows.getMetaData();
      for (int c = 1; c <= described.getColumnCount(); c++) {
        String column = described.getColumnName(c).toLowerCase(Locale.ROOT);
        boolean isOwn = column.equals("id") || column.equals("version");
        columns.add(isOwn ? "?" : column);
      }
    }
    if (columns.indexOf("?") != 0) {
      throw new SQLException("the first column is not the id");
    }
    return String.join(", ", columns);
  }

  private static void key(
      RunningService.Connection admin, String name, String purpose, String suite)
      throws IOException, RejectedException {
    admin.post(
        "/api/v1/keys",
        "{'name':'"
            + name
            + "','purpose':'"
            + purpose
            + "','suite':'"
            + suite
            + "','token':'software'}");
    admin.post("/api/v1/keys/" + name + "/activate", "{}");
  }

  private static void bootloader(
      RunningService.Connection admin, int hardware, String kind, String anchors)
      throws IOException, RejectedException {
    admin.post(
        PRODUCT + "/bootloaders",
        "{'id':'"
            + kind
            + hardware
            + "','hardware':'hw"
            + hardware
            + "','anchors':["
            + anchors
            + "],'allowList':true,'rollbackProtection':true,'updatable':false,"
            + "'keyTlv':'keyhash','slotBytes':1048576}");
  }

  private static String profile(RunningService.Connection admin, int port)
      throws IOException, RejectedException {
    return admin
        .post(
            PRODUCT + "/profiles",
            "{'knows':['ed25519'],'manifest':{'rule':{'all':['manifest']}},"
                + "'lineage':{'name':'main'},'minStrengthBits':112,"
                + "'tls':{'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],"
                + "'serverAnchors':['server'],'clientKey':'p-256'},"
                + "'servers':['localhost'],'ports':["
                + port
                + "]}")
        .string("digest");
  }

  private Built sign(RunningService.Connection admin, int i) throws IOException, RejectedException {
    int role = i % ROLES;
    String version = "1." + (i / ROLES + 1) + "." + role;
    byte[] payload = new byte[IMAGE_BYTES];
    random.nextBytes(payload);
    admin.send("PUT", "/api/v1/payloads", "application/octet-stream", payload);
    String profile = profiles.get(i % PROFILES);
    Fields request =
        admin.post(
            PRODUCT + "/requests",
            "{'version':'"
                + version
                + "','securityCounter':1,'hardware':[{'id':'hw"
                + role % HARDWARE
                + "','revisions':['a']}],'format':'mcuboot','payload':'"
                + Digest.of(payload)
                + "','imageKeys':['image'],'manifestKeys':['manifest'],'profile':'"
                + profile
                + "'}");
    if (!request.string("state").equals("ready")) {
      throw new IOException("not signed: " + request.string("state"));
    }
    return new Built(role, version + "+0");
  }

  /** Releases a build as a bridge, so that all of them stay listed. */
  private static void release(RunningService.Connection admin, Built built)
      throws IOException, RejectedException {
    admin.post(
        PRODUCT + "/releases",
        "{'channel':'"
            + built.channel()
            + "','hardware':'"
            + built.hardware()
            + "','version':'"
            + built.version()
            + "','bridge':true}");
  }

  /** Two hundred devices of each cohort: a build, one of two bootloaders, one of three clocks. */
  private void manufacture(RunningService.Connection admin) throws IOException, RejectedException {
    long begun = System.nanoTime();
    for (int from = 0; from < DEVICES; from += LIST) {
      StringBuilder list =
          new StringBuilder("deviceId,hardware,revision,build,bootloader,channel,clockClass\n");
      for (int i = from; i < from + LIST; i++) {
        int cohort = i % COHORTS;
        Built built = builds.get(cohort % builds.size());
        int variety = cohort / builds.size() % (2 * CLOCKS.size());
        list.append(
            String.format(
                Locale.ROOT,
                "d%07d,%s,a,%s,%s%d,%s,%s\n",
                i,
                built.hardware(),
                built.version(),
                variety % 2 == 0 ? "old" : "both",
                built.role() % HARDWARE,
                built.channel(),
                CLOCKS.get(variety / 2)));
      }
      Fields told =
          admin.send(
              "POST",
              PRODUCT + "/devices/import",
              "text/csv",
              list.toString().getBytes(StandardCharsets.UTF_8));
      if (told.integer("added", 0, LIST) != LIST) {
        throw new IOException("not all devices came in: " + told.integer("added", 0, LIST));
      }
    }
    out.printf(Locale.ROOT, "%d devices came in by lists in %.0f s%n", DEVICES, seconds(begun));
  }

  private static double seconds(long begun) {
    return (System.nanoTime() - begun) / 1e9;
  }

  private void ask() throws IOException, RejectedException {
    out.printf(
        Locale.ROOT,
        "%n| %d builds, %d devices | cohorts | policy runs | s | CPU of the service, s | goal |%n",
        BUILDS,
        DEVICES);
    out.println("|---|---|---|---|---|---|");
    try (RunningService service = RunningService.again(launcher, data, Installation.SETTINGS);
        RunningService.Connection admin = service.connect()) {
      count(service, admin, "devices counted for the first time");
      count(service, admin, "counted again");
      ask(service, admin, "as things are, cold", "{}", "60");
      ask(service, admin, "as things are, warm", "{}", "1");
      ask(service, admin, "without image, cold", "{'retireKeys':['image']}", "60");
      ask(service, admin, "without image, warm", "{'retireKeys':['image']}", "1");
      release(admin, sign(admin, BUILDS));
      ask(service, admin, "after one more build", "{}", "its own edges");
    }
    try (RunningService service = RunningService.again(launcher, data, Installation.SETTINGS);
        RunningService.Connection admin = service.connect()) {
      count(service, admin, "after a restart: counted");
      ask(service, admin, "as things are, cold", "{}", "60");
      ask(service, admin, "as things are, warm", "{}", "1");
    }
  }

  /** Cohorts that do not exist, so that the answer is the count alone. */
  private void count(RunningService service, RunningService.Connection admin, String what)
      throws IOException, RejectedException {
    long begun = System.nanoTime();
    Duration cpu = service.cpu();
    admin.get(PRODUCT + "/cohorts?channel=none");
    out.printf(
        Locale.ROOT,
        "| %s | | | %.2f | %.2f | |%n",
        what,
        seconds(begun),
        seconds(service.cpu().minus(cpu)));
  }

  private void ask(
      RunningService service,
      RunningService.Connection admin,
      String what,
      String change,
      String goal)
      throws IOException, RejectedException {
    long begun = System.nanoTime();
    Duration cpu = service.cpu();
    Fields impact = admin.post(PRODUCT + "/rotation/impact", change);
    double seconds = seconds(begun);
    out.printf(
        Locale.ROOT,
        "| %s | %d | %d | %.2f | %.2f | %s |%n",
        what,
        impact.objects("cohorts", Integer.MAX_VALUE).size(),
        impact.integer("policyRuns", 0, Long.MAX_VALUE),
        seconds,
        seconds(service.cpu().minus(cpu)),
        goal);
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }
}
