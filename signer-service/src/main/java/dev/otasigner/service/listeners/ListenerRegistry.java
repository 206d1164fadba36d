package dev.otasigner.service.listeners;

import dev.otasigner.verifier.device.ClientKeyType;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Which listeners are to be open, across restarts. */
@Repository
class ListenerRegistry {
  private final JdbcClient jdbc;

  ListenerRegistry(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * A row.
   *
   * @param told the last step before the sunset that people were told of, in days; -1 when they
   *     were told that it is over
   */
  record Entry(
      ListenerSpec spec, Instant opened, Optional<Instant> sunset, Optional<Integer> told) {}

  void insert(ListenerSpec spec, Instant opened, Optional<Instant> sunset) {
    jdbc.sql(
            "insert into listener (name, port, kind, versions, suites, tls_groups, server_key, opened,"
                + " sunset) values (?, ?, ?, ?, ?, ?, ?, ?, ?)")
        .params(
            spec.name(),
            spec.port(),
            spec.kind().code(),
            String.join(",", spec.tls().versions()),
            String.join(",", spec.tls().suites()),
            String.join(",", spec.tls().groups()),
            spec.tls().serverKey().code(),
            time(opened))
        .param(sunset.map(ListenerRegistry::time).orElse(null))
        .update();
  }

  /** Another end; nobody has been told of it. */
  void setSunset(String name, Optional<Instant> sunset) {
    jdbc.sql("update listener set sunset = ?, sunset_told = null where name = ?")
        .param(sunset.map(ListenerRegistry::time).orElse(null))
        .param(name)
        .update();
  }

  void setTold(String name, int days) {
    jdbc.sql("update listener set sunset_told = ? where name = ?").params(days, name).update();
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
                    row.getObject("opened", OffsetDateTime.class).toInstant(),
                    Optional.ofNullable(row.getObject("sunset", OffsetDateTime.class))
                        .map(OffsetDateTime::toInstant),
                    Optional.ofNullable(row.getObject("sunset_told", Integer.class))))
        .list();
  }

  private static OffsetDateTime time(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
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
