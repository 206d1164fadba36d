package dev.otasigner.service.audit;

import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
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

  List<Leaf> leaves(long from, int limit) {
    return jdbc.sql(
            "select position, record from audit_leaf where position >= ? order by position limit ?")
        .params(from, limit)
        .query(Leaf.class)
        .list();
  }

  List<Leaf> leavesOf(String actor, long from, int limit) {
    return jdbc.sql(
            "select position, record from audit_leaf where actor = ? and position >= ?"
                + " order by position limit ?")
        .params(actor, from, limit)
        .query(Leaf.class)
        .list();
  }

  /** Records of a time, from this number on. */
  List<Leaf> leavesBetween(Instant from, Instant to, long position, int limit) {
    return jdbc.sql(
            "select position, record from audit_leaf where at >= ? and at < ? and position >= ?"
                + " order by position limit ?")
        .params(
            OffsetDateTime.ofInstant(from, ZoneOffset.UTC),
            OffsetDateTime.ofInstant(to, ZoneOffset.UTC),
            position,
            limit)
        .query(Leaf.class)
        .list();
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
