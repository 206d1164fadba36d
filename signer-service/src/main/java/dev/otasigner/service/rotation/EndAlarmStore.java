package dev.otasigner.service.rotation;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Alarms as they were last judged, and which of their stages were told. */
@Repository
class EndAlarmStore {
  private static final int MAX_BYTES = 4 << 20;
  private static final String THIS = " where product = ? and what = ? and ends = ?";

  private final JdbcClient jdbc;

  EndAlarmStore(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Those that stand, the nearest end first.
   *
   * @throws IllegalStateException when one is damaged
   */
  List<EndAlarm> standing() {
    return jdbc.sql("select * from end_alarm where cleared is null order by ends, product, what")
        .query(EndAlarmStore::alarm)
        .list();
  }

  /** The same of one product. */
  List<EndAlarm> standing(String product) {
    return jdbc.sql(
            "select * from end_alarm where cleared is null and product = ? order by ends, what")
        .param(product)
        .query(EndAlarmStore::alarm)
        .list();
  }

  /** How many alarms of a product are at a stage, and the devices of the worst of them. */
  record Tally(String product, EndStage stage, int alarms, long devices) {}

  List<Tally> tallies() {
    return jdbc.sql(
            "select product, days_ahead, count(*), max(devices) from end_alarm"
                + " where cleared is null group by product, days_ahead order by product, days_ahead")
        .query(
            (row, n) ->
                new Tally(
                    row.getString(1),
                    EndStage.ofDays(row.getInt(2)),
                    row.getInt(3),
                    row.getLong(4)))
        .list();
  }

  /**
   * Keeps what was judged now.
   *
   * @return whether its stage is news, which it is once however often the thing is cleared and
   *     comes back
   */
  boolean keep(EndAlarm alarm) {
    int known =
        jdbc.sql(
                "update end_alarm set judged = ?, devices = ?, cohorts = ?, explanation = ?,"
                    + " cleared = null"
                    + THIS)
            .params(
                time(alarm.judged()),
                alarm.devices(),
                alarm.cohorts(),
                text(alarm),
                alarm.product(),
                alarm.what(),
                time(alarm.ends()))
            .update();
    if (known == 0) {
      jdbc.sql(
              "insert into end_alarm (product, what, ends, days_ahead, raised, judged, devices,"
                  + " cohorts, explanation) values (?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .params(
              alarm.product(),
              alarm.what(),
              time(alarm.ends()),
              alarm.stage().daysAhead(),
              time(alarm.raised()),
              time(alarm.judged()),
              alarm.devices(),
              alarm.cohorts(),
              text(alarm))
          .update();
      return true;
    }
    return jdbc.sql(
                "update end_alarm set days_ahead = ?, raised = ?" + THIS + " and days_ahead > ?")
            .params(
                alarm.stage().daysAhead(),
                time(alarm.raised()),
                alarm.product(),
                alarm.what(),
                time(alarm.ends()),
                alarm.stage().daysAhead())
            .update()
        > 0;
  }

  /** Whether it stood until now. */
  boolean clear(String product, String what, Instant ends, Instant now) {
    return jdbc.sql("update end_alarm set cleared = ?" + THIS + " and cleared is null")
            .params(time(now), product, what, time(ends))
            .update()
        > 0;
  }

  /** What was cleared and has ended since comes back no more. */
  void forgetEnded(Instant now) {
    jdbc.sql("delete from end_alarm where cleared is not null and ends < ?")
        .param(time(now))
        .update();
  }

  private static String text(EndAlarm alarm) {
    return new String(alarm.explanation().textBytes(), StandardCharsets.UTF_8);
  }

  private static EndAlarm alarm(ResultSet row, int number) throws SQLException {
    return new EndAlarm(
        row.getString("product"),
        row.getString("what"),
        instant(row, "ends"),
        EndStage.ofDays(row.getInt("days_ahead")),
        instant(row, "raised"),
        instant(row, "judged"),
        row.getLong("devices"),
        row.getInt("cohorts"),
        explanation(row.getString("explanation")));
  }

  private static Json.Obj explanation(String text) {
    try {
      if (JsonReader.read(text.getBytes(StandardCharsets.UTF_8), MAX_BYTES)
          instanceof Json.Obj object) {
        return object;
      }
      throw new IllegalStateException("a kept alarm is no object");
    } catch (RejectedException e) {
      throw new IllegalStateException("a kept alarm is damaged", e);
    }
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  private static OffsetDateTime time(Instant at) {
    return OffsetDateTime.ofInstant(at, ZoneOffset.UTC);
  }
}
