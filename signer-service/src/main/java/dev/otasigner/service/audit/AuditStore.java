package dev.otasigner.service.audit;

import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** The tables of the tree. Written to by appending only. */
@Repository
class AuditStore implements MerkleTree.Nodes {
  private final JdbcClient jdbc;
  private final JdbcTemplate batch;

  /**
   * Held from the locking of the head to the very end of the transaction, its rollback included.
   * The row's lock alone was once seen to let two in, under load, while a third one rolled back:
   * the head fell behind its leaves.
   */
  private final ReentrantLock appending = new ReentrantLock(true);

  AuditStore(JdbcClient jdbc, JdbcTemplate batch) {
    this.jdbc = jdbc;
    this.batch = batch;
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

  ReentrantLock appending() {
    return appending;
  }

  /** The size, with the head locked until the transaction ends: one appends at a time. */
  long lockHead() {
    return jdbc.sql("select size from audit_head where id = 1 for update")
        .query(Long.class)
        .single();
  }

  /**
   * A leaf to be written.
   *
   * @param actor whose it is, such as {@code user:alice}
   */
  record NewLeaf(Leaf leaf, Instant at, String actor, Digest hash) {}

  /** A hash of a complete subtree, see {@link MerkleTree.Nodes}. */
  record Node(int level, long position, Digest hash) {}

  /** Writes what comes after the head that the transaction under way has locked. */
  void append(List<NewLeaf> leaves, List<Node> nodes) {
    batch.batchUpdate(
        "insert into audit_leaf (position, at, actor, record, hash) values (?, ?, ?, ?, ?)",
        leaves.stream()
            .map(
                one ->
                    new Object[] {
                      one.leaf().position(),
                      OffsetDateTime.ofInstant(one.at(), ZoneOffset.UTC),
                      one.actor(),
                      one.leaf().record(),
                      one.hash().hex()
                    })
            .toList());
    batch.batchUpdate(
        "insert into audit_node (level, position, hash) values (?, ?, ?)",
        nodes.stream()
            .map(node -> new Object[] {node.level(), node.position(), node.hash().hex()})
            .toList());
    long size = leaves.get(leaves.size() - 1).leaf().position() + 1;
    jdbc.sql("update audit_head set size = ? where id = 1").param(size).update();
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
}
