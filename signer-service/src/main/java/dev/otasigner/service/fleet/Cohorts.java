package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Devices in equal states, counted by the database, so that a fleet of millions is a few thousand
 * rows. A device whose state changes belongs to no cohort until {@link #settle} finds its new one,
 * which every count does first.
 */
@Component
public class Cohorts {
  /** Devices change while they are settled; so many of them never do between two looks. */
  private static final int MAX_ROUNDS = 20;

  /** Devices of one transaction: one of millions would keep them all from being heard. */
  private static final int PART = 5_000;

  private static final int NOT_ENROLLED = -1;

  /** A device that has not enrolled yet can still do so: no certificate of its ends. */
  public static final Instant NEVER = Instant.parse("9999-12-31T23:59:59Z");

  private static final String MONTH =
      "case when d.cert_not_after is null then "
          + NOT_ENROLLED
          + " else cast(extract(year from d.cert_not_after at time zone 'UTC') * 12"
          + " + extract(month from d.cert_not_after at time zone 'UTC') - 1 as integer) end";

  private static final String STATE =
      "d.product, d.hardware, d.revision, d.channel, d.clock_class, d.bootloader, d.version,"
          + " d.manifest, d.profile, d.security_counter, d.lineage, d.root_version,"
          + " coalesce(d.components, ''), coalesce(d.cert_key_type, ''), "
          + MONTH;

  private static final String COLUMNS =
      "product, hardware, revision, channel, clock_class, bootloader, version, manifest, profile,"
          + " security_counter, lineage, root_version, components, key_type, expires_month";

  private static final String SAME =
      "c.product = d.product and c.profile = d.profile and c.manifest = d.manifest"
          + " and c.bootloader = d.bootloader and c.root_version = d.root_version"
          + " and c.hardware = d.hardware and c.revision = d.revision and c.channel = d.channel"
          + " and c.clock_class = d.clock_class and c.version = d.version"
          + " and c.security_counter = d.security_counter and c.lineage = d.lineage"
          + " and c.components = coalesce(d.components, '')"
          + " and c.key_type = coalesce(d.cert_key_type, '') and c.expires_month = "
          + MONTH;

  private final JdbcClient jdbc;
  private final CheckIns checkIns;
  private final Bootloaders bootloaders;
  private final Profiles profiles;
  private final TransactionTemplate settling;

  Cohorts(
      JdbcClient jdbc,
      CheckIns checkIns,
      Bootloaders bootloaders,
      Profiles profiles,
      TransactionTemplate transaction) {
    this.jdbc = jdbc;
    this.checkIns = checkIns;
    this.bootloaders = bootloaders;
    this.profiles = profiles;
    this.settling = OwnTransaction.like(transaction);
  }

  /**
   * Devices in one state.
   *
   * @param state without what tells its devices apart: no identifier, and a certificate that ends
   *     when the first of the devices' can
   * @param first the smallest of their identifiers
   */
  public record Counted(long id, DeviceState state, long devices, String first) {}

  /**
   * When devices of a cohort were heard of.
   *
   * @param first when the one was last heard of that has been silent longest, of those ever heard
   *     of
   * @param last when any was last heard of
   * @param unseen how many were never heard of
   */
  public record Heard(Optional<Instant> first, Optional<Instant> last, long unseen) {
    static final Heard NOTHING = new Heard(Optional.empty(), Optional.empty(), 0);
  }

  /**
   * All cohorts of a product, with what was heard until now; the order is that in which their
   * states were first seen.
   *
   * @throws SignerException CONFLICT when devices change faster than they can be counted
   */
  public List<Counted> of(String product) {
    checkIns.flush();
    settle(product);
    Map<String, Bootloader> known = new HashMap<>();
    Map<Digest, Profile> read = new HashMap<>();
    Function<String, Bootloader> bootloader =
        id ->
            known.computeIfAbsent(
                id,
                i ->
                    bootloaders
                        .find(product, i)
                        .map(Bootloaders.Registered::bootloader)
                        .orElseThrow());
    Function<Digest, Profile> profile =
        digest -> read.computeIfAbsent(digest, d -> profiles.find(product, d).orElseThrow());
    return jdbc.sql(
            "select c.*, n.devices, n.first_device from fleet_cohort c join (select cohort,"
                + " count(*) as devices, min(device_id) as first_device from fleet_device"
                + " where product = ? and cohort is not null group by cohort) n"
                + " on n.cohort = c.id order by c.id")
        .param(product)
        .query(
            (row, n) ->
                new Counted(
                    row.getLong("id"),
                    state(row, bootloader, profile),
                    row.getLong("devices"),
                    row.getString("first_device")))
        .list();
  }

  /** When the devices of each cohort were heard of. Reads every device of the product. */
  public Map<Long, Heard> heard(String product) {
    Map<Long, Heard> heard = new HashMap<>();
    jdbc.sql(
            "select cohort, min(last_seen), max(last_seen), count(*) - count(last_seen)"
                + " from fleet_device where product = ? and cohort is not null group by cohort")
        .param(product)
        .query(
            row -> {
              heard.put(
                  row.getLong(1), new Heard(instant(row, 2), instant(row, 3), row.getLong(4)));
            });
    return heard;
  }

  /** The cohort in which a device was counted last, or empty when its state has changed since. */
  public Optional<Long> of(String product, String deviceId) {
    return jdbc.sql(
            "select cohort from fleet_device where product = ? and device_id = ?"
                + " and cohort is not null")
        .params(product, deviceId)
        .query(Long.class)
        .optional();
  }

  /** The identifiers of a cohort's devices, from this one on. */
  public List<String> devices(String product, long cohort, String from, int limit) {
    return jdbc.sql(
            "select device_id from fleet_device where product = ? and cohort = ?"
                + " and device_id >= ? order by device_id limit ?")
        .params(product, cohort, from, limit)
        .query(String.class)
        .list();
  }

  /** Puts every device of the product into its cohort that has none, some of them at a time. */
  private void settle(String product) {
    int few = 0;
    for (List<String> ids = unsettled(product); !ids.isEmpty(); ids = unsettled(product)) {
      // A list of millions is whole parts; what comes in meanwhile is not.
      few += ids.size() == PART ? 0 : 1;
      if (few > MAX_ROUNDS) {
        throw SignerException.conflict(
            "devices of " + product + " change faster than they can be counted; try again");
      }
      String last = ids.get(ids.size() - 1);
      settling.executeWithoutResult(status -> settle(product, last));
    }
  }

  /** Those up to this one. */
  private void settle(String product, String last) {
    jdbc.sql(
            "insert into fleet_cohort ("
                + COLUMNS
                + ") select distinct "
                + STATE
                + " from fleet_device d where d.product = ? and d.cohort is null"
                + " and d.device_id <= ? and not exists (select 1 from fleet_cohort c where "
                + SAME
                + ")")
        .params(product, last)
        .update();
    jdbc.sql(
            "update fleet_device d set cohort = (select min(c.id) from fleet_cohort c where "
                + SAME
                + ") where d.product = ? and d.cohort is null and d.device_id <= ?")
        .params(product, last)
        .update();
  }

  private List<String> unsettled(String product) {
    return jdbc.sql(
            "select device_id from fleet_device where product = ? and cohort is null"
                + " order by device_id limit "
                + PART)
        .param(product)
        .query(String.class)
        .list();
  }

  private static DeviceState state(
      ResultSet row, Function<String, Bootloader> bootloader, Function<Digest, Profile> profile)
      throws SQLException {
    try {
      Digest running = new Digest(row.getString("profile"));
      int month = row.getInt("expires_month");
      DeviceState.ClientCert cert =
          month == NOT_ENROLLED
              ? new DeviceState.ClientCert(profile.apply(running).tls().clientKey(), NEVER)
              : new DeviceState.ClientCert(
                  known(ClientKeyType.ofCode(row.getString("key_type"))), begin(month));
      String components = row.getString("components");
      return new DeviceState(
          "",
          row.getString("product"),
          new DeviceState.Hardware(row.getString("hardware"), row.getString("revision")),
          row.getString("channel"),
          new DeviceState.Clock(
              known(ClockClass.ofCode(row.getString("clock_class"))), Instant.EPOCH),
          bootloader.apply(row.getString("bootloader")),
          new DeviceState.Running(
              ImageVersion.parse(row.getString("version")),
              new Digest(row.getString("manifest")),
              running),
          Report.components(components.isEmpty() ? null : components),
          row.getLong("security_counter"),
          row.getString("lineage"),
          row.getLong("root_version"),
          cert);
    } catch (RejectedException e) {
      throw new IllegalStateException("a cohort's record is damaged", e);
    }
  }

  /** The first instant of a month: no certificate of the cohort ends before. */
  private static Instant begin(int month) {
    return YearMonth.of(month / 12, month % 12 + 1)
        .atDay(1)
        .atStartOfDay(ZoneOffset.UTC)
        .toInstant();
  }

  private static <T> T known(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("a cohort's record holds a word nobody knows");
    }
    return value;
  }

  private static Optional<Instant> instant(ResultSet row, int column) throws SQLException {
    return Optional.ofNullable(row.getObject(column, OffsetDateTime.class))
        .map(OffsetDateTime::toInstant);
  }
}
