package dev.otasigner.service.signing;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The table of uploads. A row is there before its file, and goes after it: whatever a crash leaves
 * is a row without a file, which counts as not uploaded.
 */
final class UploadRows implements Uploads {
  private static final int BATCH = 200;

  private final JdbcClient jdbc;
  private final TransactionTemplate transactions;
  private final PayloadStore payloads;
  private final Milestones milestones;
  private final Clock clock;
  private final long quotaBytes;

  /**
   * Reads and writes the table.
   *
   * @param quotaBytes of each product, and of what is for all of them
   */
  UploadRows(
      JdbcClient jdbc,
      TransactionTemplate transactions,
      PayloadStore payloads,
      Milestones milestones,
      Clock clock,
      long quotaBytes) {
    this.jdbc = jdbc;
    this.transactions = transactions;
    this.payloads = payloads;
    this.milestones = milestones;
    this.clock = clock;
    this.quotaBytes = quotaBytes;
  }

  @Override
  public boolean has(String product, Digest sha256) {
    return jdbc.sql("select count(*) from upload where sha256 = ? and product in (?, ?)")
            .params(sha256.hex(), product, ALL)
            .query(Long.class)
            .single()
        > 0;
  }

  @Override
  public boolean touch(String product, Digest sha256) {
    return payloads.find(sha256).isPresent()
        && jdbc.sql("update upload set uploaded = ? where sha256 = ? and product in (?, ?)")
                .params(now(), sha256.hex(), product, ALL)
                .update()
            > 0
        // What was removed at this very moment is not there.
        && payloads.find(sha256).isPresent();
  }

  @Override
  public long room(String product) {
    return Math.max(0, quotaBytes - usedBytes(product));
  }

  private long usedBytes(String product) {
    return jdbc.sql("select coalesce(sum(length), 0) from upload where product = ?")
        .param(product)
        .query(Long.class)
        .single();
  }

  @Override
  public synchronized void bind(String product, PayloadStore.Stored payload) {
    int known =
        jdbc.sql("update upload set uploaded = ? where product = ? and sha256 = ?")
            .params(now(), product, payload.sha256().hex())
            .update();
    if (known > 0) {
      return;
    }
    if (room(product) < payload.lengthBytes()) {
      throw exceeded(product, payload.lengthBytes(), room(product));
    }
    // A file that nobody uploaded is the service's own, of a build: it does not go with the upload.
    boolean ours =
        payloads.find(payload.sha256()).isPresent()
            && jdbc.sql("select count(*) from upload where sha256 = ?")
                    .param(payload.sha256().hex())
                    .query(Long.class)
                    .single()
                == 0;
    jdbc.sql("insert into upload (product, sha256, length, uploaded, named) values (?, ?, ?, ?, ?)")
        .params(product, payload.sha256().hex(), payload.lengthBytes(), now(), ours)
        .update();
  }

  /** The answer to somebody who wants to upload more than there is room for. */
  static SignerException exceeded(String product, long lengthBytes, long roomBytes) {
    return new SignerException(
        ProblemType.QUOTA_EXCEEDED,
        (product.equals(ALL) ? "payloads for all products" : "payloads of product " + product)
            + " may take "
            + roomBytes
            + " bytes more, and this one has "
            + (lengthBytes < 0 ? "more" : lengthBytes));
  }

  @Override
  public void name(String product, Digest sha256) {
    // Named or not: whoever would remove the file meanwhile waits for this transaction.
    jdbc.sql("update upload set named = true where sha256 = ? and product in (?, ?)")
        .params(sha256.hex(), product, ALL)
        .update();
  }

  @Override
  public void keep(Collection<Digest> files) {
    // As above.
    jdbc.sql("update upload set named = true where sha256 in (:files)")
        .param("files", files.stream().map(Digest::hex).toList())
        .update();
    for (Digest file : files) {
      try {
        payloads.require(file);
      } catch (IOException removed) {
        throw new UncheckedIOException(removed);
      }
    }
  }

  /** Removes what was last uploaded, or asked for, before this time and named by no request. */
  int removeUnused(Instant before) {
    List<String> unused =
        jdbc.sql(
                "select sha256 from upload where not named and uploaded < ?"
                    + " order by uploaded limit ?")
            .params(OffsetDateTime.ofInstant(before, ZoneOffset.UTC), BATCH)
            .query(String.class)
            .list();
    int removed = 0;
    for (String sha256 : unused) {
      removed +=
          payloads.alone(
              new Digest(sha256),
              () ->
                  Objects.requireNonNull(
                      transactions.execute(status -> removeUnused(new Digest(sha256), before))));
    }
    return removed;
  }

  private record Row(String product, boolean named, OffsetDateTime uploaded) {
    boolean isUnused(Instant before) {
      return !named && uploaded.toInstant().isBefore(before);
    }
  }

  /** With the rows locked: a request that names one of them comes before all of this, or after. */
  private int removeUnused(Digest sha256, Instant before) {
    List<Row> rows =
        jdbc.sql("select product, named, uploaded from upload where sha256 = ? for update")
            .param(sha256.hex())
            .query(Row.class)
            .list();
    boolean last = rows.stream().allMatch(row -> row.isUnused(before));
    if (last && !rows.isEmpty()) {
      payloads.remove(sha256);
      milestones.passed("payload.removed");
    }
    int removed = 0;
    for (Row row : rows) {
      if (row.isUnused(before)) {
        removed +=
            jdbc.sql("delete from upload where product = ? and sha256 = ?")
                .params(row.product(), sha256.hex())
                .update();
      }
    }
    return removed;
  }

  private OffsetDateTime now() {
    return OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
  }
}
