package dev.otasigner.service.audit;

import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** The tables of the tree. Written to by appending only. */
@Repository
class AuditStore implements MerkleTree.Nodes {
  private final JdbcClient jdbc;

  AuditStore(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** A leaf as kept: {@code record} is exactly what was hashed. */
  record Leaf(long position, String record) {
    byte[] bytes() {
      return record.getBytes(StandardCharsets.UTF_8);
    }
  }

  long size() {
    return jdbc.sql("select size from audit_head where id = 1").query(Long.class).single();
  }

  String origin() {
    return jdbc.sql("select origin from audit_head where id = 1").query(String.class).single();
  }

  /** The size, with the head locked until the transaction ends: one appends at a time. */
  long lockHead() {
    return jdbc.sql("select size from audit_head where id = 1 for update")
        .query(Long.class)
        .single();
  }

  void insert(Leaf leaf, Instant at, String actor, Digest hash) {
    jdbc.sql("insert into audit_leaf (position, at, actor, record, hash) values (?, ?, ?, ?, ?)")
        .params(
            leaf.position(),
            OffsetDateTime.ofInstant(at, ZoneOffset.UTC),
            actor,
            leaf.record(),
            hash.hex())
        .update();
    jdbc.sql("update audit_head set size = ? where id = 1").param(leaf.position() + 1).update();
  }

  /** Records of these numbers, in their order; one that is gone is left out. */
  List<Leaf> leaves(long from, long to) {
    return jdbc.sql(
            "select position, record from audit_leaf where position >= ? and position < ?"
                + " order by position")
        .params(from, to)
        .query(Leaf.class)
        .list();
  }

  /**
   * Which records are asked for.
   *
   * @param from the smallest number
   * @param actor whose they are, such as {@code user:alice}
   * @param term what they are about, see {@link AuditIndex}
   * @param since not before
   * @param until before
   */
  record Wanted(
      long from,
      Optional<String> actor,
      Optional<String> term,
      Optional<Instant> since,
      Optional<Instant> until) {}

  List<Leaf> find(Wanted wanted, int limit) {
    StringBuilder sql = new StringBuilder("select l.position, l.record from ");
    List<Object> params = new ArrayList<>();
    if (wanted.term().isPresent()) {
      sql.append("audit_term t join audit_leaf l on l.position = t.position where t.term = ? and");
      params.add(wanted.term().get());
      sql.append(" t.position >= ?");
    } else {
      sql.append("audit_leaf l where l.position >= ?");
    }
    params.add(wanted.from());
    wanted
        .actor()
        .ifPresent(
            actor -> {
              sql.append(" and l.actor = ?");
              params.add(actor);
            });
    wanted
        .since()
        .ifPresent(
            since -> {
              sql.append(" and l.at >= ?");
              params.add(OffsetDateTime.ofInstant(since, ZoneOffset.UTC));
            });
    wanted
        .until()
        .ifPresent(
            until -> {
              sql.append(" and l.at < ?");
              params.add(OffsetDateTime.ofInstant(until, ZoneOffset.UTC));
            });
    sql.append(" order by l.position limit ?");
    params.add(limit);
    return jdbc.sql(sql.toString()).params(params).query(Leaf.class).list();
  }

  /** Records of a time, from this number on. */
  List<Leaf> leavesBetween(Instant from, Instant to, long position, int limit) {
    return find(
        new Wanted(
            position, Optional.empty(), Optional.empty(), Optional.of(from), Optional.of(to)),
        limit);
  }

  @Override
  public Digest get(int level, long position) {
    String hash =
        level == 0
            ? jdbc.sql("select hash from audit_leaf where position = ?")
                .param(position)
                .query(String.class)
                .single()
            : jdbc.sql("select hash from audit_node where level = ? and position = ?")
                .params(level, position)
                .query(String.class)
                .single();
    return new Digest(hash);
  }

  @Override
  public void put(int level, long position, Digest hash) {
    jdbc.sql("insert into audit_node (level, position, hash) values (?, ?, ?)")
        .params(level, position, hash.hex())
        .update();
  }
}
