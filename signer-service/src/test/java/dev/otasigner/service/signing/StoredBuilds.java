package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.testing.Made;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Builds that a test has signed, put where the service keeps its own: neither its policy nor any
 * device was asked.
 */
public final class StoredBuilds {
  private final Builds builds;
  private final PayloadStore payloads;
  private final JdbcClient jdbc;
  private final TransactionTemplate transaction;
  private final Clock clock;

  StoredBuilds(
      Builds builds,
      PayloadStore payloads,
      JdbcClient jdbc,
      TransactionTemplate transaction,
      Clock clock) {
    this.builds = builds;
    this.payloads = payloads;
    this.jdbc = jdbc;
    this.transaction = transaction;
    this.clock = clock;
  }

  /** Forgets all of a product's builds. */
  public void clear(String product) {
    for (String table : List.of("build_file", "build_line", "build")) {
      jdbc.sql("delete from " + table + " where product = ?").param(product).update();
    }
  }

  public void add(Made made) throws IOException {
    Digest manifest = payloads.store(made.envelope().toByteArray()).sha256();
    for (byte[] image : made.images().values()) {
      payloads.store(image);
    }
    Optional<Digest> component = Optional.empty();
    if (made.component().isPresent()) {
      component = Optional.of(payloads.store(made.component().get()).sha256());
    }
    Build build =
        new Build(
            made.manifest().product(),
            made.manifest().version(),
            manifest,
            component,
            null,
            "test",
            clock.instant());
    transaction.executeWithoutResult(status -> builds.add(build, made.manifest()));
  }
}
