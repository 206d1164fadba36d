package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Devices in equal states, so that a fleet of millions is a few thousand rows, with how many there
 * are. A device whose state changes belongs to no cohort until {@link Settlement} finds its new
 * one, which it does first whenever somebody asks.
 */
@Component
public class Cohorts {
  /** A state whose devices have all left it since they were settled; so often they are again. */
  private static final int MAX_LOOKS = 20;

  /** So many cohorts are read by themselves, and of more of them all devices of the product. */
  private static final int MAX_READ_APART = 100;

  /** A device that has not enrolled yet can still do so: no certificate of its ends. */
  public static final Instant NEVER = Instant.parse("9999-12-31T23:59:59Z");

  private final JdbcClient jdbc;
  private final CheckIns checkIns;
  private final Bootloaders bootloaders;
  private final Profiles profiles;
  private final Settlement settlement;

  Cohorts(
      JdbcClient jdbc,
      CheckIns checkIns,
      Bootloaders bootloaders,
      Profiles profiles,
      Settlement settlement) {
    this.jdbc = jdbc;
    this.checkIns = checkIns;
    this.bootloaders = bootloaders;
    this.profiles = profiles;
    this.settlement = settlement;
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
    Map<String, Bootloader> known = new HashMap<>();
    Map<Digest, DeviceState.ClientCert> read = new HashMap<>();
    Function<String, Bootloader> bootloader =
        id ->
            known.computeIfAbsent(
                id,
                i ->
                    bootloaders
                        .find(product, i)
                        .map(Bootloaders.Registered::bootloader)
                        .orElseThrow());
    Function<Digest, DeviceState.ClientCert> toCome =
        digest -> read.computeIfAbsent(digest, d -> profiles.toCome(product, d));
    for (int look = 1; look <= MAX_LOOKS; look++) {
      settlement.settle(product);
      List<Row> rows = read(product, bootloader, toCome);
      if (rows.stream().allMatch(row -> row.first().isPresent())) {
        return rows.stream().map(Row::counted).toList();
      }
      if (look > 1) {
        // Devices that leave are found by settling; those that are gone are not.
        settlement.recount(product);
      }
    }
    throw SignerException.conflict(
        "devices of " + product + " change faster than they can be counted; try again");
  }

  /** A cohort with devices, whose first is not known while all of them are changing. */
  private record Row(long id, DeviceState state, long devices, Optional<String> first) {
    Counted counted() {
      return new Counted(id, state, devices, first.orElseThrow());
    }
  }

  private List<Row> read(
      String product,
      Function<String, Bootloader> bootloader,
      Function<Digest, DeviceState.ClientCert> toCome) {
    return jdbc.sql(
            "select c.*, (select d.device_id from fleet_device d where d.product = c.product"
                + " and d.cohort = c.id order by d.product, d.cohort, d.device_id limit 1)"
                + " as first_device from fleet_cohort c where c.product = ? and c.devices > 0"
                + " order by c.id")
        .param(product)
        .query(
            (row, n) ->
                new Row(
                    row.getLong("id"),
                    state(row, bootloader, toCome),
                    row.getLong("devices"),
                    Optional.ofNullable(row.getString("first_device"))))
        .list();
  }

  /** When the devices of these cohorts were heard of. Reads every one of them. */
  public Map<Long, Heard> heard(String product, Collection<Long> of) {
    Map<Long, Heard> heard = new HashMap<>();
    if (of.size() <= MAX_READ_APART) {
      of.forEach(id -> hear(heard, " and cohort = ? group by cohort", product, id));
    } else {
      hear(heard, " and cohort is not null group by cohort", product);
    }
    return heard;
  }

  private void hear(Map<Long, Heard> heard, String which, Object... values) {
    jdbc.sql(
            "select cohort, min(last_seen), max(last_seen), count(*) - count(last_seen)"
                + " from fleet_device where product = ?"
                + which)
        .params(values)
        .query(
            row -> {
              heard.put(
                  row.getLong(1), new Heard(instant(row, 2), instant(row, 3), row.getLong(4)));
            });
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
                + " and device_id >= ? order by product, cohort, device_id limit ?")
        .params(product, cohort, from, limit)
        .query(String.class)
        .list();
  }

  private static DeviceState state(
      ResultSet row,
      Function<String, Bootloader> bootloader,
      Function<Digest, DeviceState.ClientCert> toCome)
      throws SQLException {
    try {
      Digest running = new Digest(row.getString("profile"));
      int month = row.getInt("expires_month");
      DeviceState.ClientCert cert =
          month == CohortState.NOT_ENROLLED
              ? toCome.apply(running)
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
