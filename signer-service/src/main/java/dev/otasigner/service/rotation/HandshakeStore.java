package dev.otasigner.service.rotation;

import dev.otasigner.service.listeners.HandshakeTrial.Outcome;
import dev.otasigner.service.rotation.HandshakeResult.Address;
import dev.otasigner.verifier.Digest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** The newest handshake with each address of each live profile. */
@Repository
class HandshakeStore {
  private final JdbcClient jdbc;

  HandshakeStore(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  List<HandshakeResult> all() {
    return jdbc.sql("select * from handshake_trial order by product, profile, host, port")
        .query(HandshakeStore::result)
        .list();
  }

  List<HandshakeResult> of(String product) {
    return jdbc.sql("select * from handshake_trial where product = ? order by profile, host, port")
        .param(product)
        .query(HandshakeStore::result)
        .list();
  }

  /** Puts these in place of all that is known of a product. */
  void replace(String product, Collection<HandshakeResult> results) {
    jdbc.sql("delete from handshake_trial where product = ?").param(product).update();
    for (HandshakeResult result : results) {
      jdbc.sql(
              "insert into handshake_trial (product, profile, host, port, tried, expected, reached,"
                  + " reason, detail) values (?, ?, ?, ?, ?, ?, ?, ?, ?)")
          .params(
              product,
              result.address().profile().hex(),
              result.address().host(),
              result.address().port(),
              OffsetDateTime.ofInstant(result.tried(), ZoneOffset.UTC),
              result.expected(),
              result.outcome().reached(),
              result.outcome().reason(),
              result.outcome().detail())
          .update();
    }
  }

  private static HandshakeResult result(ResultSet row, int number) throws SQLException {
    return new HandshakeResult(
        new Address(
            row.getString("product"),
            new Digest(row.getString("profile")),
            row.getString("host"),
            row.getInt("port")),
        row.getObject("tried", OffsetDateTime.class).toInstant(),
        row.getBoolean("expected"),
        new Outcome(row.getBoolean("reached"), row.getString("reason"), row.getString("detail")));
  }
}
