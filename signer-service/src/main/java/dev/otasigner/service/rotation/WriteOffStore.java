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
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Write-offs in the database. */
@Repository
class WriteOffStore {
  private static final int MAX_JSON = 65_536;
  private static final String COLUMNS =
      "select id, product, proposed_change, reason, proposed_by, created, expires, in_force, ended,"
          + " ended_by, ended_reason from write_off where product = ?";

  private final JdbcClient jdbc;

  WriteOffStore(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  void add(WriteOff writeOff) {
    jdbc.sql(
            "insert into write_off (id, product, proposed_change, reason, proposed_by, created,"
                + " expires) values (?, ?, ?, ?, ?, ?, ?)")
        .params(
            writeOff.id(),
            writeOff.product(),
            text(writeOff.change()),
            writeOff.reason(),
            writeOff.proposedBy(),
            time(writeOff.created()),
            time(writeOff.expires()))
        .update();
    for (WriteOff.Named named : writeOff.cohorts()) {
      jdbc.sql("insert into write_off_cohort values (?, ?, ?, ?)")
          .params(writeOff.id(), named.cohort(), named.devices(), text(named.shown()))
          .update();
    }
  }

  /** Until the transaction ends, nobody else decides about it. */
  void lock(UUID id) {
    jdbc.sql("select id from write_off where id = ? for update").param(id).query().listOfRows();
  }

  void approve(UUID id, WriteOff.Approval approval) {
    jdbc.sql("insert into write_off_approval values (?, ?, ?)")
        .params(id, approval.approver(), time(approval.given()))
        .update();
  }

  void putInForce(UUID id, Instant at) {
    jdbc.sql("update write_off set in_force = ? where id = ?").params(time(at), id).update();
  }

  void end(UUID id, WriteOff.Ended ended) {
    jdbc.sql("update write_off set ended = ?, ended_by = ?, ended_reason = ? where id = ?")
        .params(time(ended.at()), ended.by(), ended.reason(), id)
        .update();
  }

  /** Whoever has no say any more has said nothing about what still waits. */
  void forget(String person) {
    jdbc.sql(
            "delete from write_off_approval where approver = ? and write_off in"
                + " (select id from write_off where in_force is null)")
        .param(person)
        .update();
  }

  /** What a person proposed that still waits. */
  List<UUID> waitingOf(String person) {
    return jdbc.sql(
            "select id from write_off where proposed_by = ? and in_force is null and ended is null")
        .param(person)
        .query(UUID.class)
        .list();
  }

  int waiting(String product, Instant now) {
    return jdbc.sql(
            "select count(*) from write_off where product = ? and in_force is null"
                + " and ended is null and expires > ?")
        .params(product, time(now))
        .query(Integer.class)
        .single();
  }

  /** A page of a product's, from this one on, the newest first. */
  List<WriteOff> list(String product, Optional<WriteOff> from, int limit) {
    String order = " order by created desc, id limit ?";
    if (from.isEmpty()) {
      return jdbc.sql(COLUMNS + order).params(product, limit).query(this::read).list();
    }
    OffsetDateTime created = time(from.get().created());
    return jdbc.sql(COLUMNS + " and (created < ? or created = ? and id >= ?)" + order)
        .params(product, created, created, from.get().id(), limit)
        .query(this::read)
        .list();
  }

  Optional<WriteOff> find(String product, UUID id) {
    return jdbc.sql(COLUMNS + " and id = ?").params(product, id).query(this::read).optional();
  }

  private WriteOff read(ResultSet row, int number) throws SQLException {
    UUID id = row.getObject(1, UUID.class);
    Optional<Instant> ended = instant(row, 9);
    return new WriteOff(
        id,
        row.getString(2),
        json(row.getString(3)),
        cohorts(id),
        row.getString(4),
        row.getString(5),
        instant(row, 6).orElseThrow(),
        instant(row, 7).orElseThrow(),
        approvals(id),
        instant(row, 8),
        ended.isEmpty()
            ? Optional.empty()
            : Optional.of(new WriteOff.Ended(ended.get(), row.getString(10), row.getString(11))));
  }

  private List<WriteOff.Named> cohorts(UUID id) {
    return jdbc.sql(
            "select cohort, devices, shown from write_off_cohort where write_off = ?"
                + " order by cohort")
        .param(id)
        .query(
            (row, n) -> new WriteOff.Named(row.getLong(1), row.getLong(2), json(row.getString(3))))
        .list();
  }

  private List<WriteOff.Approval> approvals(UUID id) {
    return jdbc.sql(
            "select approver, given from write_off_approval where write_off = ? order by given")
        .param(id)
        .query((row, n) -> new WriteOff.Approval(row.getString(1), instant(row, 2).orElseThrow()))
        .list();
  }

  private static String text(Json.Obj json) {
    return new String(json.canonicalBytes(), StandardCharsets.UTF_8);
  }

  private static Json.Obj json(String text) {
    try {
      return JsonReader.readObject(text.getBytes(StandardCharsets.UTF_8), MAX_JSON).json();
    } catch (RejectedException e) {
      throw new IllegalStateException("a write-off's record is damaged", e);
    }
  }

  private static Optional<Instant> instant(ResultSet row, int column) throws SQLException {
    return Optional.ofNullable(row.getObject(column, OffsetDateTime.class))
        .map(OffsetDateTime::toInstant);
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
