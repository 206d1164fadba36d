package dev.otasigner.service.listeners;

import dev.otasigner.verifier.device.ClientKeyType;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Which listeners are to be open, across restarts. */
@Repository
class ListenerRegistry {
  private final JdbcClient jdbc;

  ListenerRegistry(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  record Entry(ListenerSpec spec, Instant opened) {}

  void insert(ListenerSpec spec, Instant opened) {
    jdbc.sql(
            "insert into listener (name, port, kind, versions, suites, tls_groups, server_key, opened)"
                + " values (?, ?, ?, ?, ?, ?, ?, ?)")
        .params(
            spec.name(),
            spec.port(),
            spec.kind().code(),
            String.join(",", spec.tls().versions()),
            String.join(",", spec.tls().suites()),
            String.join(",", spec.tls().groups()),
            spec.tls().serverKey().code(),
            OffsetDateTime.ofInstant(opened, ZoneOffset.UTC))
        .update();
  }

  void delete(String name) {
    jdbc.sql("delete from listener where name = ?").param(name).update();
  }

  List<Entry> all() {
    return jdbc.sql("select * from listener order by name")
        .query(
            (row, n) ->
                new Entry(
                    new ListenerSpec(
                        row.getString("name"),
                        row.getInt("port"),
                        ListenerKind.ofCode(row.getString("kind")).orElseThrow(),
                        new TlsPolicy(
                            split(row.getString("versions")),
                            split(row.getString("suites")),
                            split(row.getString("tls_groups")),
                            serverKey(row.getString("server_key")))),
                    row.getObject("opened", OffsetDateTime.class).toInstant()))
        .list();
  }

  private static List<String> split(String text) {
    return text.isEmpty() ? List.of() : Arrays.asList(text.split(",", -1));
  }

  private static ClientKeyType serverKey(String code) {
    ClientKeyType type = ClientKeyType.ofCode(code);
    if (type == null) {
      throw new IllegalStateException("no key type is called " + code);
    }
    return type;
  }
}
