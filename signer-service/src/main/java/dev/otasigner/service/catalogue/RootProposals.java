package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** What waits for another administrator, in the database. */
@Repository
class RootProposals {
  private final JdbcClient jdbc;

  RootProposals(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  void add(RootProposal proposal, Instant now) {
    jdbc.sql(
            "insert into catalogue_root_proposal"
                + " (id, product, lineage, document, fingerprint, proposed_by, created, expires)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?)")
        .params(
            proposal.id(),
            proposal.lineage().product(),
            proposal.lineage().name(),
            new String(proposal.handed().toJson().textBytes(), StandardCharsets.UTF_8),
            proposal.root().hex(),
            proposal.proposedBy(),
            time(now),
            time(proposal.expires()))
        .update();
  }

  /** Those of a lineage that have not lapsed, the oldest first. */
  List<RootProposal> waiting(LineageKey lineage, Instant now) {
    return jdbc.sql(
            "select id, document, fingerprint, proposed_by, expires from catalogue_root_proposal"
                + " where product = ? and lineage = ? and expires > ? order by created")
        .params(lineage.product(), lineage.name(), time(now))
        .query(
            (row, n) ->
                new RootProposal(
                    row.getObject(1, UUID.class),
                    lineage,
                    handed(row.getString(2)),
                    new Digest(row.getString(3)),
                    row.getString(4),
                    row.getObject(5, OffsetDateTime.class).toInstant()))
        .list();
  }

  private static HandedIn handed(String document) {
    byte[] bytes = document.getBytes(StandardCharsets.UTF_8);
    try {
      Json.Obj read = JsonReader.readObject(bytes, CeremonyFile.MAX_BYTES).json();
      return HandedIn.read(read);
    } catch (RejectedException e) {
      throw new IllegalStateException("a root that waits is damaged", e);
    }
  }

  Optional<RootProposal> find(LineageKey lineage, UUID id, Instant now) {
    return waiting(lineage, now).stream().filter(p -> p.id().equals(id)).findFirst();
  }

  void delete(UUID id) {
    jdbc.sql("delete from catalogue_root_proposal where id = ?").param(id).update();
  }

  void deleteExpired(Instant now) {
    jdbc.sql("delete from catalogue_root_proposal where expires <= ?").param(time(now)).update();
  }

  void deleteOf(String person) {
    jdbc.sql("delete from catalogue_root_proposal where proposed_by = ?").param(person).update();
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
