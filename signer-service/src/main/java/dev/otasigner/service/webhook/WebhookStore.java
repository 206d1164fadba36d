package dev.otasigner.service.webhook;

import java.net.URI;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Receivers, and what they are still to be told. */
@Repository
class WebhookStore {
  private final JdbcClient jdbc;

  WebhookStore(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * What is to be told to one receiver.
   *
   * @param id the same at every attempt
   */
  record Delivery(UUID id, UUID webhook, String type, String body, int attempts) {}

  /** How a receiver stands. */
  record Standing(int waiting, Optional<String> lastFailure) {}

  void insert(Webhook hook) {
    jdbc.sql(
            "insert into webhook (id, name, url, events, created, created_by)"
                + " values (?, ?, ?, ?, ?, ?)")
        .params(
            hook.id(),
            hook.name(),
            hook.url().toString(),
            hook.events().stream().map(Enum::name).sorted().collect(Collectors.joining(",")),
            time(hook.created()),
            hook.createdBy())
        .update();
  }

  /** Whether it was still there. */
  boolean delete(UUID id) {
    return jdbc.sql("delete from webhook where id = ?").param(id).update() > 0;
  }

  List<Webhook> all() {
    return jdbc.sql("select * from webhook order by name").query(WebhookStore::webhook).list();
  }

  private static Webhook webhook(ResultSet row, int number) throws SQLException {
    return new Webhook(
        row.getObject("id", UUID.class),
        row.getString("name"),
        URI.create(row.getString("url")),
        java.util.Arrays.stream(row.getString("events").split(",", -1))
            .map(WebhookEvent::valueOf)
            .collect(Collectors.toSet()),
        row.getObject("created", OffsetDateTime.class).toInstant(),
        row.getString("created_by"));
  }

  Standing standing(UUID webhook) {
    int waiting =
        jdbc.sql("select count(*) from webhook_delivery where webhook = ?")
            .param(webhook)
            .query(Integer.class)
            .single();
    return new Standing(
        waiting,
        jdbc.sql(
                "select last_failure from webhook_delivery where webhook = ?"
                    + " and last_failure is not null order by next_at desc limit 1")
            .param(webhook)
            .query(String.class)
            .optional());
  }

  /** Nothing when the receiver is gone: whoever has something to tell goes on all the same. */
  void enqueue(Delivery delivery, Instant now) {
    jdbc.sql(
            "insert into webhook_delivery (id, webhook, type, body, created, attempts, next_at)"
                + " select ?, id, ?, ?, ?, 0, ? from webhook where id = ?")
        .params(
            delivery.id(),
            delivery.type(),
            delivery.body(),
            time(now),
            time(now),
            delivery.webhook())
        .update();
  }

  /** The delivery that is due longest. */
  Optional<Delivery> due(UUID webhook, Instant now) {
    return jdbc.sql(
            "select id, webhook, type, body, attempts from webhook_delivery"
                + " where webhook = ? and next_at <= ? order by next_at, created limit 1")
        .params(webhook, time(now))
        .query(Delivery.class)
        .optional();
  }

  void done(UUID delivery) {
    jdbc.sql("delete from webhook_delivery where id = ?").param(delivery).update();
  }

  void again(UUID delivery, int attempts, Instant at, String failure) {
    jdbc.sql("update webhook_delivery set attempts = ?, next_at = ?, last_failure = ? where id = ?")
        .params(attempts, time(at), failure, delivery)
        .update();
  }

  /** Whether this is the first time; from then on it is told. */
  boolean isNews(String what, Instant now) {
    String key = what.length() > 300 ? what.substring(0, 300) : what;
    boolean told =
        jdbc.sql("select 1 from webhook_told where what = ?")
            .param(key)
            .query(Integer.class)
            .optional()
            .isPresent();
    if (!told) {
      jdbc.sql("insert into webhook_told (what, at) values (?, ?)").params(key, time(now)).update();
    }
    return !told;
  }

  /** Whether it had been told; from now on it is not. */
  boolean isOver(String what) {
    return jdbc.sql("delete from webhook_told where what = ?").param(what).update() > 0;
  }

  private static OffsetDateTime time(Instant at) {
    return OffsetDateTime.ofInstant(at, ZoneOffset.UTC);
  }
}
