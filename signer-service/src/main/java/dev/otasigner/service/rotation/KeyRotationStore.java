package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.KeyRotation.Aborted;
import dev.otasigner.verifier.Digest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Rotations of keys, in the database. */
@Repository
class KeyRotationStore {
  private static final String SELECT =
      "select id, product, old_key, new_key, started_by, started, aborted_by, aborted, reason"
          + " from key_rotation where product = ?";

  private final JdbcClient jdbc;

  KeyRotationStore(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Adds an open one.
   *
   * @throws org.springframework.dao.DuplicateKeyException when the old key has one in this product
   */
  void add(String product, Digest oldKey, Digest newKey, String by, Instant now) {
    jdbc.sql(
            "insert into key_rotation (product, old_key, new_key, started_by, started, open_for)"
                + " values (?, ?, ?, ?, ?, ?)")
        .params(product, oldKey.hex(), newKey.hex(), by, time(now), oldKey.hex())
        .update();
  }

  /** The one of this key that was not given up, which may have come to its end. */
  Optional<KeyRotation> open(String product, Digest oldKey) {
    return jdbc.sql(SELECT + " and open_for = ?")
        .params(product, oldKey.hex())
        .query(KeyRotationStore::read)
        .optional();
  }

  Optional<KeyRotation> find(String product, long id) {
    return jdbc.sql(SELECT + " and id = ?")
        .params(product, id)
        .query(KeyRotationStore::read)
        .optional();
  }

  /**
   * A product's, newest first.
   *
   * @param from this one and older ones
   */
  List<KeyRotation> newest(String product, long from, int limit) {
    return jdbc.sql(SELECT + " and id <= ? order by id desc fetch first ? rows only")
        .params(product, from, limit)
        .query(KeyRotationStore::read)
        .list();
  }

  /**
   * Gives one up.
   *
   * @return whether it did; not when somebody has already
   */
  boolean abort(KeyRotation rotation, Aborted aborted) {
    return jdbc.sql(
                "update key_rotation set aborted_by = ?, aborted = ?, reason = ?, open_for = null"
                    + " where id = ? and aborted is null")
            .params(aborted.by(), time(aborted.at()), aborted.reason(), rotation.id())
            .update()
        == 1;
  }

  private static KeyRotation read(ResultSet row, int number) throws SQLException {
    @Nullable String abortedBy = row.getString(7);
    return new KeyRotation(
        row.getLong(1),
        row.getString(2),
        new Digest(row.getString(3)),
        new Digest(row.getString(4)),
        row.getString(5),
        row.getObject(6, OffsetDateTime.class).toInstant(),
        abortedBy == null
            ? Optional.empty()
            : Optional.of(
                new Aborted(
                    abortedBy,
                    row.getObject(8, OffsetDateTime.class).toInstant(),
                    row.getString(9))));
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
