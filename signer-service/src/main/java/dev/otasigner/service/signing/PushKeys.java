package dev.otasigner.service.signing;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.util.Optional;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;

/** Which body came with which idempotency key when a finished build was pushed. */
@Repository
class PushKeys {
  private final JdbcClient jdbc;

  PushKeys(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Binds a key to a body for good; durable when it returns.
   *
   * @return whether it was bound before
   * @throws SignerException CONFLICT when it is bound to another body
   */
  boolean claim(String product, String requester, String key, Digest body) {
    Optional<Digest> earlier = find(product, requester, key);
    if (earlier.isEmpty()) {
      try {
        jdbc.sql(
                "insert into push_key (product, requester, idempotency_key, body)"
                    + " values (?, ?, ?, ?)")
            .params(product, requester, key, body.hex())
            .update();
        return false;
      } catch (DuplicateKeyException raced) {
        earlier = find(product, requester, key);
      }
    }
    if (!earlier.map(body::equals).orElse(false)) {
      throw SignerException.conflict("idempotency key " + key + " came with another push before");
    }
    return true;
  }

  private Optional<Digest> find(String product, String requester, String key) {
    return jdbc.sql(
            "select body from push_key"
                + " where product = ? and requester = ? and idempotency_key = ?")
        .params(product, requester, key)
        .query(String.class)
        .optional()
        .map(Digest::new);
  }
}
