package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Policies that wait, in the database. */
@Repository
class PolicyChangeStore {
  private final JdbcClient jdbc;

  PolicyChangeStore(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  void add(PolicyChange change, Instant now) {
    jdbc.sql("insert into fleet_policy_proposal values (?, ?, ?, ?, ?, ?, ?)")
        .params(
            change.id(),
            change.product(),
            Products.text(change.policy()),
            change.replaces().hex(),
            change.proposedBy(),
            time(now),
            time(change.expires()))
        .update();
  }

  /** Those of a product that have not lapsed, the oldest first. */
  List<PolicyChange> waiting(String product, Instant now) {
    return jdbc.sql(
            "select id, product, policy, replaces, proposed_by, expires from fleet_policy_proposal"
                + " where product = ? and expires > ? order by created")
        .params(product, time(now))
        .query(
            (row, n) ->
                new PolicyChange(
                    row.getObject(1, UUID.class),
                    row.getString(2),
                    Products.policy(row.getString(2), row.getString(3)),
                    new Digest(row.getString(4)),
                    row.getString(5),
                    row.getObject(6, OffsetDateTime.class).toInstant()))
        .list();
  }

  Optional<PolicyChange> find(String product, UUID id, Instant now) {
    return waiting(product, now).stream().filter(change -> change.id().equals(id)).findFirst();
  }

  void delete(UUID id) {
    jdbc.sql("delete from fleet_policy_proposal where id = ?").param(id).update();
  }

  void deleteExpired(Instant now) {
    jdbc.sql("delete from fleet_policy_proposal where expires <= ?").param(time(now)).update();
  }

  void deleteOf(String person) {
    jdbc.sql("delete from fleet_policy_proposal where proposed_by = ?").param(person).update();
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
