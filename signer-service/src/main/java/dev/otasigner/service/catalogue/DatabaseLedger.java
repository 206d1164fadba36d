package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.tuf.TufKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** Version numbers in the database, and in the audit log what is about to be signed under them. */
final class DatabaseLedger implements VersionLedger {
  private final JdbcClient jdbc;
  private final TransactionOperations ownTransaction;
  private final LineageKey lineage;
  private final AuditLog audit;

  /**
   * The ledger of a repository.
   *
   * @param ownTransaction begins a new one each time, whatever is under way: a number that was
   *     given stays given
   */
  DatabaseLedger(
      JdbcClient jdbc, TransactionOperations ownTransaction, LineageKey lineage, AuditLog audit) {
    this.jdbc = jdbc;
    this.ownTransaction = ownTransaction;
    this.lineage = lineage;
    this.audit = audit;
  }

  @Override
  public long highest(String role) {
    return jdbc.sql(
            "select version from catalogue_version where product = ? and lineage = ? and role = ?")
        .params(lineage.product(), lineage.name(), role)
        .query(Long.class)
        .optional()
        .orElse(0L);
  }

  @Override
  public void reserve(Map<String, Long> versions, Map<String, List<TufKey>> signers) {
    Map<String, List<VerificationKey>> keys = new LinkedHashMap<>();
    signers.forEach(
        (role, own) ->
            keys.put(role, own.stream().flatMap(k -> k.verificationKey().stream()).toList()));
    ownTransaction.executeWithoutResult(
        status -> {
          versions.forEach(this::reserve);
          new IntendedSignatures(versions, keys).details().forEach(this::record);
        });
  }

  private void record(Map<String, String> details) {
    audit.record(
        "catalogue.intent-durable", "lineage:" + lineage.product() + "/" + lineage.name(), details);
  }

  /** A number never goes back, whoever was frozen before it wrote. */
  private void reserve(String role, long version) {
    int updated =
        jdbc.sql(
                "update catalogue_version set version = ?"
                    + " where product = ? and lineage = ? and role = ? and version <= ?")
            .params(version, lineage.product(), lineage.name(), role, version)
            .update();
    if (updated > 0) {
      return;
    }
    if (highest(role) > version) {
      throw SignerException.conflict(
          "version " + version + " of role " + role + " is too low: another publisher was faster");
    }
    jdbc.sql("insert into catalogue_version (product, lineage, role, version) values (?,?,?,?)")
        .params(lineage.product(), lineage.name(), role, version)
        .update();
  }
}
