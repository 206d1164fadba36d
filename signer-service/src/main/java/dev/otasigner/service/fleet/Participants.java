package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.function.Consumer;
import org.springframework.jdbc.core.RowCallbackHandler;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * The devices of a channel and hardware, as far as a rollout has to know them: read one by one, so
 * that a fleet of any size takes no memory.
 */
@Component
public class Participants {
  private final JdbcClient jdbc;
  private final CheckIns checkIns;

  Participants(JdbcClient jdbc, CheckIns checkIns) {
    this.jdbc = jdbc;
    this.checkIns = checkIns;
  }

  /**
   * A device.
   *
   * @param factoryBuild what it was made with
   * @param manifest of the build it runs
   * @param tried the update it told of last
   * @param lastSeen empty when it was never heard of
   */
  public record Participant(
      String deviceId,
      ImageVersion factoryBuild,
      ImageVersion version,
      Digest manifest,
      Optional<Tried> tried,
      Optional<Instant> lastSeen) {}

  /**
   * How an update ended.
   *
   * @param at when the device told
   */
  public record Tried(ImageVersion version, boolean installed, Instant at) {}

  /** All of them, with what was heard until now. */
  public void forEach(
      String product, String channel, String hardware, Consumer<Participant> consumer) {
    checkIns.flush();
    jdbc.sql(
            "select device_id, factory_build, version, manifest, outcome_version, outcome_result,"
                + " outcome_at, last_seen from fleet_device"
                + " where product = ? and channel = ? and hardware = ?")
        .params(product, channel, hardware)
        .query((RowCallbackHandler) row -> consumer.accept(participant(row)));
  }

  /** When any device at all was last heard of. */
  public Optional<Instant> lastHeard() {
    return jdbc.sql("select max(last_seen) from fleet_device")
        .query((row, n) -> instant(row, 1))
        .single();
  }

  private static Participant participant(ResultSet row) throws SQLException {
    try {
      Optional<Instant> told = instant(row, 7);
      return new Participant(
          row.getString(1),
          ImageVersion.parse(row.getString(2)),
          ImageVersion.parse(row.getString(3)),
          new Digest(row.getString(4)),
          told.isEmpty()
              ? Optional.empty()
              : Optional.of(
                  new Tried(
                      ImageVersion.parse(row.getString(5)),
                      row.getString(6).equals(Report.Result.INSTALLED.code()),
                      told.get())),
          instant(row, 8));
    } catch (RejectedException e) {
      throw new IllegalStateException("a device's record is damaged", e);
    }
  }

  private static Optional<Instant> instant(ResultSet row, int column) throws SQLException {
    return Optional.ofNullable(row.getObject(column, OffsetDateTime.class))
        .map(OffsetDateTime::toInstant);
  }
}
