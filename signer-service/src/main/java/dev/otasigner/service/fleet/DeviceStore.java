package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** The table of devices. */
@Repository
class DeviceStore {
  /** A device that says what it said before stays in its cohort. */
  private static final String REPORT =
      "cohort = case when clock_class = ? and bootloader = ? and version = ? and manifest = ?"
          + " and profile = ? and security_counter = ? and lineage = ? and root_version = ?"
          + " and channel = ? and coalesce(components, '') = cast(? as varchar(8192))"
          + " then cohort else null end,"
          + " clock_class = ?, clock_floor = ?, bootloader = ?, version = ?, manifest = ?,"
          + " profile = ?, security_counter = ?, lineage = ?, root_version = ?, channel = ?,"
          + " components = ?, seq = ?";

  private final JdbcClient jdbc;
  private final JdbcTemplate batches;

  DeviceStore(JdbcClient jdbc, JdbcTemplate batches) {
    this.jdbc = jdbc;
    this.batches = batches;
  }

  Optional<Device> find(DeviceKey key) {
    return jdbc.sql("select * from fleet_device where product = ? and device_id = ?")
        .params(key.product(), key.deviceId())
        .query((row, n) -> device(row))
        .optional();
  }

  List<Device> list(String product) {
    return jdbc.sql("select * from fleet_device where product = ? order by device_id")
        .param(product)
        .query((row, n) -> device(row))
        .list();
  }

  /** Devices by id, from this one on. */
  List<Device> list(String product, String from, int limit) {
    return jdbc.sql(
            "select * from fleet_device where product = ? and device_id >= ?"
                + " order by product, device_id limit ?")
        .params(product, from, limit)
        .query((row, n) -> device(row))
        .list();
  }

  /** Of a million devices their few thousand cohorts are asked, and those that are in none. */
  List<Population.Client> clients(String product) {
    return jdbc.sql(
            "select profile, lineage, root_version from fleet_cohort"
                + " where product = ? and devices > 0 union"
                + " select profile, lineage, root_version from fleet_device"
                + " where product = ? and cohort is null")
        .params(product, product)
        .query(
            (row, n) ->
                new Population.Client(
                    new Digest(row.getString(1)), row.getString(2), row.getLong(3)))
        .list();
  }

  /**
   * The devices of these identifiers that are on record. Joined, since H2 looks through all of a
   * product's devices for those of a list.
   */
  List<Device> find(String product, Collection<String> ids) {
    if (ids.isEmpty()) {
      return List.of();
    }
    List<Object> values = new ArrayList<>(ids);
    values.add(product);
    return jdbc.sql(
            "select d.* from (values "
                + String.join(", ", Collections.nCopies(ids.size(), "(cast(? as varchar(64)))"))
                + ") as wanted (id) join fleet_device d on d.product = ? and d.device_id = wanted.id")
        .params(values)
        .query((row, n) -> device(row))
        .list();
  }

  /** Without secrets: they are set apart. They are counted later. */
  void insert(Collection<Device> devices) {
    insert(devices, List.of());
  }

  /**
   * Without secrets.
   *
   * @param cohorts in which they are counted, in the same order, or none
   */
  void insert(Collection<Device> devices, List<Long> cohorts) {
    Iterator<Long> cohort = cohorts.iterator();
    batches.batchUpdate(
        "insert into fleet_device (product, device_id, hardware, revision, factory_build,"
            + " channel, clock_class, clock_floor, bootloader, version, manifest, profile,"
            + " security_counter, lineage, root_version, seq, last_seen, cohort, counted)"
            + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        devices.stream()
            .map(
                device -> {
                  Report report = device.report();
                  Long counted = cohort.hasNext() ? cohort.next() : null;
                  return new @Nullable Object[] {
                    device.key().product(),
                    device.key().deviceId(),
                    device.made().hardware(),
                    device.made().revision(),
                    device.made().build().toString(),
                    report.channel(),
                    report.clockClass().code(),
                    time(device.clockFloor()),
                    report.bootloaderId(),
                    report.version().toString(),
                    report.manifest().hex(),
                    report.profile().hex(),
                    report.securityCounter(),
                    report.lineage(),
                    report.rootVersion(),
                    report.seq(),
                    device.seen().map(seen -> time(seen.at())).orElse(null),
                    counted,
                    counted
                  };
                })
            .toList());
  }

  /**
   * What a list tells of devices; one that has spoken for itself meanwhile, or that a later list
   * told of, stays as it is.
   */
  void retell(Collection<Device> devices) {
    batches.batchUpdate(
        "update fleet_device set cohort = case when clock_class = ? and bootloader = ?"
            + " and version = ? and manifest = ? and profile = ? and security_counter = ?"
            + " and lineage = ? and root_version = ? and channel = ? then cohort else null end,"
            + " clock_class = ?, bootloader = ?, version = ?, manifest = ?, profile = ?,"
            + " security_counter = ?, lineage = ?, root_version = ?, channel = ?,"
            + " clock_floor = ?, last_seen = ? where product = ? and device_id = ?"
            + " and cert_spki is null and seq = -1 and last_listener is null"
            + " and (last_seen is null or last_seen < ?)",
        devices.stream().map(DeviceStore::retold).toList());
  }

  private static @Nullable Object[] retold(Device device) {
    Report report = device.report();
    List<Object> state =
        List.of(
            report.clockClass().code(),
            report.bootloaderId(),
            report.version().toString(),
            report.manifest().hex(),
            report.profile().hex(),
            report.securityCounter(),
            report.lineage(),
            report.rootVersion(),
            report.channel());
    OffsetDateTime seen = time(device.seen().orElseThrow().at());
    List<@Nullable Object> all = new ArrayList<>(state);
    all.addAll(state);
    all.add(time(device.clockFloor()));
    all.add(seen);
    all.add(device.key().product());
    all.add(device.key().deviceId());
    all.add(seen);
    return all.toArray();
  }

  /** A fresh one-time secret: whatever was certified before stays valid until it is used up. */
  void setSecret(DeviceKey key, Digest sha256) {
    update(key, "secret_sha256 = ?, secret_spki = null", "true", sha256.hex());
  }

  /** The key that the secret enrolled was used: the secret is over. */
  void spendSecret(DeviceKey key, Digest spki) {
    update(key, "secret_sha256 = null, secret_spki = null", "secret_spki = ?", spki.hex());
  }

  /**
   * The device enrolled: one key from now on, and check-ins counted afresh.
   *
   * @param secret what it enrolled with, unless a factory vouched
   * @return whether it did; false when the secret is over, or has enrolled another key
   */
  boolean enrolled(
      DeviceKey key, Optional<Digest> secret, Report report, Device.Certified certified) {
    @Nullable String sha256 = secret.map(Digest::hex).orElse(null);
    return update(
        key,
        "secret_spki = ?, cert_spki = ?, cert_key_type = ?, cert_not_after = ?, next_spki = null,"
            + " next_key_type = null, next_not_after = null, bootloader = ?, channel = ?,"
            + " clock_class = ?, seq = -1, cohort = null",
        "(cast(? as varchar(64)) is null"
            + " or secret_sha256 = ? and (secret_spki is null or secret_spki = ?))",
        certified.spki().hex(),
        certified.spki().hex(),
        certified.keyType().code(),
        time(certified.notAfter()),
        report.bootloaderId(),
        report.channel(),
        report.clockClass().code(),
        sha256,
        sha256,
        certified.spki().hex());
  }

  /** A certificate for the key in use was made anew; false when another one is in use by now. */
  boolean extended(DeviceKey key, Device.Certified certified) {
    return update(
        key,
        "cert_not_after = ?, cohort = null",
        "cert_spki = ?",
        time(certified.notAfter()),
        certified.spki().hex());
  }

  /**
   * A key was certified that becomes the device's when it is first used; false when the present key
   * that asked for it is no longer the device's.
   */
  boolean renewed(DeviceKey key, Digest present, Device.Certified certified) {
    return update(
        key,
        "next_spki = ?, next_key_type = ?, next_not_after = ?",
        "cert_spki = ?",
        certified.spki().hex(),
        certified.keyType().code(),
        time(certified.notAfter()),
        present.hex());
  }

  /** The next key was used: the one before it is no longer the device's. */
  void promote(DeviceKey key, Digest next) {
    update(
        key,
        "cert_spki = next_spki, cert_key_type = next_key_type, cert_not_after = next_not_after,"
            + " next_spki = null, next_key_type = null, next_not_after = null, cohort = null",
        "next_spki = ?",
        next.hex());
  }

  /** What a device reported, to be written with others. */
  record Heard(
      DeviceKey key, Instant clockFloor, Optional<Report> report, Optional<Device.Sighting> seen) {}

  /** Writes many check-ins at once, in one transaction of the caller's. */
  void flush(Collection<Heard> heard) {
    batches.batchUpdate(
        "update fleet_device set "
            + REPORT
            + ", outcome_version = coalesce(?, outcome_version),"
            + " outcome_result = coalesce(?, outcome_result),"
            + " outcome_reason = case when cast(? as varchar(32)) is null then outcome_reason"
            + " else ? end,"
            + " outcome_at = coalesce(cast(? as timestamp(6) with time zone), outcome_at)"
            + " where product = ? and device_id = ? and seq <= ?",
        heard.stream()
            .filter(h -> h.report().isPresent())
            .map(
                h -> {
                  Report report = h.report().orElseThrow();
                  Optional<Report.Outcome> outcome = report.outcome();
                  @Nullable String version = outcome.map(o -> o.version().toString()).orElse(null);
                  @Nullable String components = report.componentsText();
                  return new @Nullable Object[] {
                    report.clockClass().code(),
                    report.bootloaderId(),
                    report.version().toString(),
                    report.manifest().hex(),
                    report.profile().hex(),
                    report.securityCounter(),
                    report.lineage(),
                    report.rootVersion(),
                    report.channel(),
                    components == null ? "" : components,
                    report.clockClass().code(),
                    time(h.clockFloor()),
                    report.bootloaderId(),
                    report.version().toString(),
                    report.manifest().hex(),
                    report.profile().hex(),
                    report.securityCounter(),
                    report.lineage(),
                    report.rootVersion(),
                    report.channel(),
                    components,
                    report.seq(),
                    version,
                    outcome.map(o -> o.result().code()).orElse(null),
                    version,
                    outcome.flatMap(Report.Outcome::reason).map(Reason::code).orElse(null),
                    outcome.flatMap(o -> h.seen()).map(s -> time(s.at())).orElse(null),
                    h.key().product(),
                    h.key().deviceId(),
                    report.seq()
                  };
                })
            .toList());
    batches.batchUpdate(
        "update fleet_device set last_seen = ?, last_listener = ?, last_protocol = ?,"
            + " last_group = ? where product = ? and device_id = ?",
        heard.stream()
            .filter(h -> h.seen().isPresent())
            .map(
                h -> {
                  Device.Sighting seen = h.seen().orElseThrow();
                  Device.Through through = seen.through().orElseThrow();
                  return new @Nullable Object[] {
                    time(seen.at()),
                    through.listener(),
                    through.protocol().orElse(null),
                    through.group().orElse(null),
                    h.key().product(),
                    h.key().deviceId()
                  };
                })
            .toList());
  }

  /** Whether it was still as the condition says: other requests of the device may come first. */
  private boolean update(
      DeviceKey key, String assignments, String condition, @Nullable Object... values) {
    List<@Nullable Object> all = new ArrayList<>(Arrays.asList(values));
    all.add(key.product());
    all.add(key.deviceId());
    return jdbc.sql(
                "update fleet_device set "
                    + assignments
                    + " where "
                    + condition
                    + " and product = ? and device_id = ?")
            .params(all)
            .update()
        > 0;
  }

  private static Device device(ResultSet row) throws SQLException {
    try {
      return new Device(
          new DeviceKey(row.getString("product"), row.getString("device_id")),
          new Device.Made(
              row.getString("hardware"),
              row.getString("revision"),
              ImageVersion.parse(row.getString("factory_build"))),
          instant(row, "clock_floor").orElseThrow(),
          report(row),
          new Device.Secret(digest(row, "secret_sha256"), digest(row, "secret_spki")),
          certified(row, "cert_spki", "cert_key_type", "cert_not_after"),
          certified(row, "next_spki", "next_key_type", "next_not_after"),
          sighting(row));
    } catch (RejectedException e) {
      throw new IllegalStateException("a device's record is damaged", e);
    }
  }

  private static Optional<Device.Sighting> sighting(ResultSet row) throws SQLException {
    Optional<Instant> at = instant(row, "last_seen");
    @Nullable String listener = row.getString("last_listener");
    if (at.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new Device.Sighting(
            at.get(),
            listener == null
                ? Optional.empty()
                : Optional.of(
                    new Device.Through(
                        listener,
                        Optional.ofNullable(row.getString("last_protocol")),
                        Optional.ofNullable(row.getString("last_group"))))));
  }

  private static Report report(ResultSet row) throws SQLException, RejectedException {
    return new Report(
        row.getLong("seq"),
        ImageVersion.parse(row.getString("version")),
        new Digest(row.getString("manifest")),
        new Digest(row.getString("profile")),
        row.getString("bootloader"),
        row.getLong("security_counter"),
        row.getString("lineage"),
        row.getLong("root_version"),
        row.getString("channel"),
        known(ClockClass.ofCode(row.getString("clock_class"))),
        Report.components(row.getString("components")),
        row.getString("outcome_version") == null
            ? Optional.empty()
            : Optional.of(
                new Report.Outcome(
                    ImageVersion.parse(row.getString("outcome_version")),
                    known(Report.Result.ofCode(row.getString("outcome_result"))),
                    Optional.ofNullable(row.getString("outcome_reason"))
                        .map(code -> known(Reason.ofCode(code))))));
  }

  private static Optional<Device.Certified> certified(
      ResultSet row, String spki, String keyType, String notAfter) throws SQLException {
    Optional<Digest> key = digest(row, spki);
    return key.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Device.Certified(
                key.get(),
                known(ClientKeyType.ofCode(row.getString(keyType))),
                instant(row, notAfter).orElseThrow()));
  }

  private static <T> T known(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("a device's record holds a word nobody knows");
    }
    return value;
  }

  private static Optional<Digest> digest(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getString(column)).map(Digest::new);
  }

  private static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getObject(column, OffsetDateTime.class))
        .map(OffsetDateTime::toInstant);
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
