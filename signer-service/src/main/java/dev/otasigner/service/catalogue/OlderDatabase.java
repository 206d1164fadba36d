package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.SignedMetadata;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * A database that was restored from a backup may say that a build is offered which somebody has
 * withdrawn, paused or stopped since. Each number is in the database before it is in the files, so
 * a timestamp that the database does not know tells that it is the older of the two. Then what the
 * files do not offer is offered no more, until somebody decides so anew.
 */
@Component
class OlderDatabase {
  private static final Logger log = LoggerFactory.getLogger(OlderDatabase.class);

  static final String WHY =
      "the database is older than the catalogue, which did not offer it so: withdrawn, paused or"
          + " superseded since the backup";

  private final Lineages lineages;
  private final ReleaseStore releases;
  private final ReleaseDecisions decisions;
  private final Instant started;

  OlderDatabase(Lineages lineages, ReleaseStore releases, ReleaseDecisions decisions, Clock clock) {
    this.lineages = lineages;
    this.releases = releases;
    this.decisions = decisions;
    this.started = clock.instant();
  }

  /** Nothing may be published from what the database says. */
  static final class FoundException extends IOException {
    private static final long serialVersionUID = 1L;

    FoundException(long known, long announced) {
      super(
          "the catalogue announces timestamp "
              + announced
              + ", and the database knows of "
              + known
              + ": it is an older one");
    }
  }

  /**
   * Returns when the database knows of everything that the files announce.
   *
   * @throws FoundException when {@link #follow} has to come first
   */
  void requireNewest(Lineage lineage) throws IOException {
    Lineages.Repository repository = lineages.repository(lineage);
    long announced = announced(repository.files());
    long known = repository.ledger().highest(Metadata.TIMESTAMP);
    if (announced > known) {
      throw new FoundException(known, announced);
    }
  }

  /** What is damaged announces nothing: it is signed anew. */
  private static long announced(RepositoryFiles files) throws IOException {
    Optional<byte[]> bytes = files.timestamp();
    try {
      return bytes.isEmpty()
          ? 0
          : SignedMetadata.timestamp(bytes.get(), bytes.get().length).signed().version();
    } catch (RejectedException e) {
      return 0;
    }
  }

  /**
   * Pauses or withdraws the product's releases as far as no catalogue of it offers them; what
   * somebody has decided since the service started stands.
   */
  void follow(Lineage lineage) throws IOException {
    String product = lineage.product();
    for (Release release : releases.listed(product, ReleaseState.LISTED)) {
      if (!release.changed().isAfter(started)) {
        Optional<ReleaseState> state = announced(release);
        if (state.isPresent()) {
          log.warn("release {} of {} is {}: {}", release.version(), product, state.get(), WHY);
          decisions.write(
              new ReleaseDecisions.Decision(
                      RecordKind.RELEASE_HALTED, release, Map.of(release, state.get()))
                  .because(WHY, Map.of("why", WHY)));
        }
      }
    }
    Lineages.Repository repository = lineages.repository(lineage);
    repository
        .ledger()
        .reserve(Map.of(Metadata.TIMESTAMP, announced(repository.files())), Map.of());
  }

  /** The state that a release is in by what is announced, where that offers less. */
  private Optional<ReleaseState> announced(Release release) throws IOException {
    boolean listed = false;
    for (Lineage lineage : lineages.of(release.product())) {
      for (Head.Candidate candidate : candidates(lineage, release)) {
        listed = true;
        if (candidate.sharePerMille() < release.sharePerMille()
            && release.state() == ReleaseState.PUBLISHED
            && !(release.isBridge() && candidate.bridge())) {
          return Optional.of(ReleaseState.PAUSED);
        }
      }
    }
    return listed ? Optional.empty() : Optional.of(ReleaseState.WITHDRAWN);
  }

  private List<Head.Candidate> candidates(Lineage lineage, Release release) throws IOException {
    RepositoryFiles files = lineages.repository(lineage).files();
    Wanted.ChannelRole role = new Wanted.ChannelRole(release.channel(), release.hardware());
    Optional<byte[]> head = Contents.head(files, PublishedSet.ifWhole(files), role);
    try {
      return head.isEmpty()
          ? List.of()
          : Head.read(head.get()).candidates().stream()
              .filter(candidate -> candidate.version().equals(release.version()))
              .toList();
    } catch (RejectedException e) {
      throw new IOException("a head file of our own is not read", e);
    }
  }
}
