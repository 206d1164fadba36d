package dev.otasigner.benchmarks;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/**
 * The data directory of a large maker: many products, each with several channels and kinds of
 * hardware and a long history of builds. Products, keys, first builds and releases come through the
 * API; what lies further back is rows that are copied in the database, since nobody lists or signs
 * these builds any more.
 */
final class Installation {
  static final int PRODUCTS = 200;
  static final int BUILDS = 500;
  static final List<String> CHANNELS = List.of("stable", "beta", "nightly");
  static final List<String> HARDWARE = List.of("gw1", "gw2", "gw3", "gw4", "gw5");

  /** One administrator's word is enough here. */
  static final Map<String, String> SETTINGS = Map.of("SIGNER_ACCESS_FOUR_EYES", "false");

  private final List<String> requestEnds = new ArrayList<>();
  private final Path data;

  private Installation(Path data) {
    this.data = data;
  }

  /** Makes one with a first build of each product, released to all channels of one hardware. */
  static Installation make(Path launcher, Path data, boolean postQuantum)
      throws IOException, RejectedException {
    return make(launcher, data, postQuantum, PRODUCTS, BUILDS);
  }

  static Installation make(
      Path launcher, Path data, boolean postQuantum, int products, int buildsEach)
      throws IOException, RejectedException {
    Installation made = new Installation(data);
    try (RunningService service = RunningService.first(launcher, data, SETTINGS);
        RunningService.Connection admin = service.connect()) {
      String suite = postQuantum ? "ml-dsa-65" : "ecdsa-p256-sha256";
      admin.post(
          "/api/v1/keys",
          "{'name':'manifest','purpose':'manifest','suite':'" + suite + "','token':'software'}");
      admin.post("/api/v1/keys/manifest/activate", "{}");
      byte[] payload = new byte[4096];
      new Random(1).nextBytes(payload);
      admin.send("PUT", "/api/v1/payloads", "application/octet-stream", payload);
      for (int i = 0; i < products; i++) {
        made.requestEnds.add(product(admin, i, suite, postQuantum, Digest.of(payload)));
        made.request(admin, i, "1.0.0");
        for (String channel : CHANNELS) {
          release(admin, i, channel, "1.0.0");
        }
      }
    }
    try {
      made.lengthenHistory(products, buildsEach - 1);
    } catch (SQLException e) {
      throw new IOException("the history is not written", e);
    }
    return made;
  }

  private static String product(
      RunningService.Connection admin, int i, String suite, boolean postQuantum, Digest payload)
      throws IOException, RejectedException {
    String path = "/api/v1/products/" + name(i);
    admin.post("/api/v1/products", "{'name':'" + name(i) + "'}");
    StringBuilder all = new StringBuilder();
    for (String hardware : HARDWARE) {
      admin.post(path + "/hardware", "{'id':'" + hardware + "','revisions':['a']}");
      all.append(all.isEmpty() ? "" : ",");
      all.append("{'id':'").append(hardware).append("','revisions':['a']}");
    }
    for (String channel : CHANNELS) {
      admin.post(path + "/channels", "{'name':'" + channel + "'}");
    }
    String profile =
        admin
            .post(
                path + "/profiles",
                "{'knows':['"
                    + suite
                    + "','ed25519'],'manifest':{'rule':{'all':['manifest']}},"
                    + "'lineage':{'name':'main'"
                    + (postQuantum ? ",'thresholds':{'classical':1,'postQuantum':1}" : "")
                    + "},'minStrengthBits':112,"
                    + "'tls':{'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],"
                    + "'serverAnchors':['server'],'clientKey':'p-256'},"
                    + "'servers':['localhost'],'ports':[8443]}")
            .string("digest");
    return "','securityCounter':1,'hardware':["
        + all
        + "],'format':'opaque','payload':'"
        + payload
        + "','manifestKeys':['manifest'],'profile':'"
        + profile
        + "'}";
  }

  static String name(int product) {
    return String.format(Locale.ROOT, "product-%03d", product);
  }

  /** Signs a build. */
  void request(RunningService.Connection connection, int product, String version)
      throws IOException, RejectedException {
    String state =
        connection
            .post(
                "/api/v1/products/" + name(product) + "/requests",
                "{'version':'" + version + requestEnds.get(product))
            .string("state");
    if (!state.equals("ready")) {
      throw new IOException("not signed: " + state);
    }
  }

  static void release(
      RunningService.Connection connection, int product, String channel, String version)
      throws IOException, RejectedException {
    connection.post(
        "/api/v1/products/" + name(product) + "/releases",
        "{'channel':'"
            + channel
            + "','hardware':'"
            + HARDWARE.get(0)
            + "','version':'"
            + version
            + "'}");
  }

  Path repository(int product) {
    return data.resolve("catalogue").resolve(name(product)).resolve("main");
  }

  /** The database of a service that is not running. */
  static Connection database(Path data) throws SQLException {
    String url = "jdbc:h2:file:" + data.resolve("db").resolve("signer");
    return DriverManager.getConnection(url, "sa", "");
  }

  private void lengthenHistory(int products, int builds) throws SQLException {
    try (Connection database = database(data)) {
      database.setAutoCommit(false);
      for (int product = 0; product < products; product++) {
        copy(database, "build", name(product), builds, false);
        copy(database, "catalogue_release", name(product), builds, true);
        database.commit();
      }
    }
  }

  /** Older copies of a product's row, each with names of its own. */
  private static void copy(
      Connection database, String table, String product, int copies, boolean released)
      throws SQLException {
    try (PreparedStatement select =
        database.prepareStatement("select * from " + table + " where product = ? limit 1")) {
      select.setString(1, product);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        ResultSetMetaData columns = row.getMetaData();
        StringBuilder names = new StringBuilder();
        StringBuilder marks = new StringBuilder();
        for (int c = 1; c <= columns.getColumnCount(); c++) {
          names.append(c == 1 ? "" : ", ").append(columns.getColumnName(c));
          marks.append(c == 1 ? "?" : ", ?");
        }
        try (PreparedStatement insert =
            database.prepareStatement(
                "insert into " + table + " (" + names + ") values (" + marks + ")")) {
          for (int i = 1; i <= copies; i++) {
            for (int c = 1; c <= columns.getColumnCount(); c++) {
              String column = columns.getColumnName(c).toLowerCase(Locale.ROOT);
              insert.setObject(c, value(column, row.getObject(c), i, released));
            }
            insert.addBatch();
          }
          insert.executeBatch();
        }
      }
    }
  }

  private static Object value(String column, Object original, int copy, boolean released) {
    return switch (column) {
      case "id" -> UUID.randomUUID();
      case "version" -> "0.1." + copy + "+0";
      case "sortable" -> String.format(Locale.ROOT, "0001%04x00000000", copy);
      case "manifest" ->
          Digest.of(UUID.randomUUID().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8))
              .hex();
      case "state" -> released ? "SUPERSEDED" : original;
      default -> original;
    };
  }
}
