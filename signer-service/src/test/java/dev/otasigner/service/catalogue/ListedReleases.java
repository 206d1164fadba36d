package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** Releases as a test wishes them, really published: nobody was asked whom they strand. */
public final class ListedReleases {
  private final ReleaseStore store;
  private final Catalogue catalogue;
  private final JdbcClient jdbc;
  private final TransactionTemplate transaction;
  private final Clock clock;

  ListedReleases(
      ReleaseStore store,
      Catalogue catalogue,
      JdbcClient jdbc,
      TransactionTemplate transaction,
      Clock clock) {
    this.store = store;
    this.catalogue = catalogue;
    this.jdbc = jdbc;
    this.transaction = transaction;
    this.clock = clock;
  }

  /**
   * How a build is offered.
   *
   * @param sharePerMille of the fleet; 0 while it is paused
   */
  public record Listing(ImageVersion version, boolean bridge, int sharePerMille) {}

  /** Nothing is released in the database; what is announced stays until the next time. */
  public void clear(String product) {
    jdbc.sql("delete from catalogue_release where product = ?").param(product).update();
  }

  /** These builds, and no others, are offered from now on. */
  public void announce(String product, String channel, String hardware, List<Listing> listings)
      throws RejectedException, IOException {
    Instant now = clock.instant();
    transaction.executeWithoutResult(
        status -> {
          clear(product);
          for (Listing listing : listings) {
            store.save(
                release(
                    new ReleaseName(product, channel, hardware, listing.version()), listing, now));
          }
        });
    catalogue.publish(product);
  }

  private static Release release(ReleaseName name, Listing listing, Instant now) {
    Release release =
        new Release(
            name,
            new ReleaseTerms(
                listing.bridge(),
                listing.sharePerMille() == 0 ? 1000 : listing.sharePerMille(),
                "",
                Optional.empty()),
            salt(listing.version()),
            "test",
            now);
    if (listing.sharePerMille() == 0) {
      release.moveTo(ReleaseState.PAUSED, now);
    }
    release.settle(now);
    return release;
  }

  /** The same each time, so that what is listed once more is listed as it was. */
  private static Bytes salt(ImageVersion version) {
    byte[] hash = Digest.of(version.toString().getBytes(StandardCharsets.UTF_8)).bytes();
    return Bytes.copyOf(Arrays.copyOf(hash, 8));
  }
}
