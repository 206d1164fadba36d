package dev.otasigner.service.catalogue;

import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** Version numbers in the database. */
final class DatabaseLedger implements VersionLedger {
  private final JdbcClient jdbc;
  private final TransactionOperations ownTransaction;
  private final LineageKey lineage;

  /**
   * The ledger of a repository.
   *
   * @param ownTransaction begins a new one each time, whatever is under way: a number that was
   *     given stays given
   */
  DatabaseLedger(JdbcClient jdbc, TransactionOperations ownTransaction, LineageKey lineage) {
    this.jdbc = jdbc;
    this.ownTransaction = ownTransaction;
    this.lineage = lineage;
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
  public void reserve(Map<String, Long> versions) {
    ownTransaction.executeWithoutResult(status -> versions.forEach(this::reserve));
  }

  private void reserve(String role, long version) {
    int updated =
        jdbc.sql(
                "update catalogue_version set version = ?"
                    + " where product = ? and lineage = ? and role = ?")
            .params(version, lineage.product(), lineage.name(), role)
            .update();
    if (updated == 0) {
      jdbc.sql("insert into catalogue_version (product, lineage, role, version) values (?,?,?,?)")
          .params(lineage.product(), lineage.name(), role, version)
          .update();
    }
  }
}
