package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.catalogue.storage.LostException;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Targets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Keeps every repository at what the database says is released, and its signatures fresh. Whatever
 * stopped it, asking it again finishes the work.
 */
@Component
public class Catalogue {
  private static final Logger log = LoggerFactory.getLogger(Catalogue.class);

  private static final int MAX_ATTEMPTS = 3;

  private final Lineages lineages;
  private final Contents contents;
  private final FleetFacts fleet;
  private final CatalogueStanding standing;
  private final TimestampEnds ends;
  private final OlderDatabase older;
  private final ReleaseDevices named;
  private final Clock clock;

  Catalogue(
      Lineages lineages,
      Contents contents,
      FleetFacts fleet,
      CatalogueStanding standing,
      TimestampEnds ends,
      OlderDatabase older,
      ReleaseDevices named,
      Clock clock) {
    this.lineages = lineages;
    this.contents = contents;
    this.fleet = fleet;
    this.standing = standing;
    this.ends = ends;
    this.older = older;
    this.named = named;
    this.clock = clock;
  }

  /**
   * Brings all repositories of a product to what is released.
   *
   * @return when the last timestamp ends that anybody may hold and that says something older
   * @throws RejectedException when the device's own client does not accept the result of one; it
   *     then stays as it was. A lineage that could not be announced before is no reason: its
   *     trouble is its own, and health tells of it
   */
  Instant publish(String product) throws RejectedException, IOException {
    Instant until = Instant.EPOCH;
    List<Exception> reasons = new ArrayList<>();
    for (Lineage lineage : lineages.of(product)) {
      boolean ill = standing.trouble(lineage.key()).isPresent();
      try {
        Instant end = publish(lineage);
        until = end.isAfter(until) ? end : until;
      } catch (RejectedException e) {
        if (!ill) {
          reasons.add(0, e);
        }
      } catch (IOException | RuntimeException e) {
        standing.inTrouble(lineage.key(), e);
        reasons.add(e);
      }
    }
    if (!reasons.isEmpty()) {
      throwAs(reasons.get(0));
    }
    return until;
  }

  private static void throwAs(Exception reason) throws RejectedException, IOException {
    if (reason instanceof RejectedException refusal) {
      throw refusal;
    }
    if (reason instanceof IOException disk) {
      throw disk;
    }
    throw (RuntimeException) reason;
  }

  /** When the last timestamp that anybody may hold of the product's repositories ends. */
  Instant timestampsUntil(String product) {
    Instant until = Instant.EPOCH;
    for (Lineage lineage : lineages.of(product)) {
      try {
        Instant end = noteTimestamp(lineage);
        until = end.isAfter(until) ? end : until;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return until;
  }

  /**
   * Returns when the head files of the release's channel are still read with other devices named.
   *
   * @throws RejectedException LIMIT_EXCEEDED, MALFORMED
   */
  void requireReadable(Release release, ReleaseDevices.Lists lists) throws RejectedException {
    contents.requireReadable(release, lineages.of(release.product()), lists);
  }

  private Instant noteTimestamp(Lineage lineage) throws IOException {
    RepositoryFiles files = lineages.repository(lineage).files();
    Optional<byte[]> bytes = files.timestamp();
    Instant expires = Instant.EPOCH;
    if (bytes.isPresent()) {
      try {
        expires = SignedMetadata.timestamp(bytes.get(), bytes.get().length).signed().expires();
      } catch (RejectedException e) {
        log.warn("{}: timestamp.json is damaged, and is signed anew", files.place());
      }
    }
    return ends.note(lineage.key(), expires);
  }

  /** Overtaken, it compares what is wanted with what the other has announced, and goes on. */
  private Instant publish(Lineage lineage) throws RejectedException, IOException {
    return publish(lineage, Wanted.SignedByPeople.NOTHING);
  }

  /** With what people have signed; nothing of it is written when it is refused. */
  Instant publish(Lineage lineage, Wanted.SignedByPeople signed)
      throws RejectedException, IOException {
    for (int attempt = 1; true; attempt++) {
      try {
        return publishOnce(lineage, signed);
      } catch (OlderDatabase.FoundException e) {
        if (attempt == MAX_ATTEMPTS) {
          throw e;
        }
        log.warn("{}/{}: {}", lineage.product(), lineage.name(), e.getMessage());
        older.follow(lineage);
      } catch (LostException e) {
        if (attempt == MAX_ATTEMPTS) {
          throw e;
        }
        log.warn("{}", e.getMessage());
      }
    }
  }

  /** Brings a repository to what is released; answers when the last older timestamp ends. */
  private Instant publishOnce(Lineage lineage, Wanted.SignedByPeople signed)
      throws RejectedException, IOException {
    Lineages.Repository repository = lineages.repository(lineage);
    Instant now = clock.instant();
    AtomicReference<Instant> until = new AtomicReference<>(Instant.EPOCH);
    repository
        .publisher()
        .publish(
            () -> {
              // Noted while nobody else can write: what is replaced is what was noted.
              until.set(noteTimestamp(lineage));
              older.requireNewest(lineage);
              return contents.of(lineage, repository.files(), now).with(signed);
            },
            () -> Followers.of(lineage.key(), fleet, contents.profiles(lineage.product())),
            lineages.lifetimes(lineage.product()),
            now);
    standing.well(lineage.key());
    return Objects.requireNonNull(until.get());
  }

  /** The roles that a product's channels and hardware have. */
  List<String> roles(String product) {
    List<String> roles = new ArrayList<>();
    for (String channel : fleet.channels(product)) {
      for (Manifest.Hardware hardware : fleet.hardware(product)) {
        roles.add(new ChannelRole(channel, hardware.id()).roleName());
      }
    }
    return roles;
  }

  /** The targets role as it would be announced next, for people to sign. */
  Targets nextTargets(Lineage lineage, long version, Instant expires) throws IOException {
    RepositoryFiles files = lineages.repository(lineage).files();
    Optional<Targets> announced =
        PublishedSet.ifWhole(files)
            .flatMap(set -> Optional.ofNullable(set.roles().get(Metadata.TARGETS)));
    RoleKeyring keyring = lineages.keyring(lineage.key(), lineage.isPostQuantum());
    Wanted wanted = contents.of(lineage, files, clock.instant());
    return Targets.of(version, expires, List.of())
        .with(new RoleSigner(keyring).delegations(announced, wanted));
  }

  /**
   * Demands that what a channel's role lists can be announced: where holders sign the targets role,
   * they have to have signed for this one.
   *
   * @throws SignerException CONFLICT
   */
  void requireDelegated(String product, ChannelRole role, String lineage) throws IOException {
    Optional<Lineage> found = lineages.find(product, lineage);
    if (found.isEmpty()) {
      return;
    }
    RepositoryFiles files = lineages.repository(found.get()).files();
    RoleKeyring keyring = lineages.keyring(found.get().key(), found.get().isPostQuantum());
    if (new OwnKeys(keyring).suffice(PublishedSet.root(files), Metadata.TARGETS)) {
      return;
    }
    boolean delegated =
        PublishedSet.ifWhole(files).stream()
            .flatMap(set -> Optional.ofNullable(set.roles().get(Metadata.TARGETS)).stream())
            .flatMap(targets -> targets.delegations().stream())
            .flatMap(to -> to.roles().stream())
            .anyMatch(to -> to.name().equals(role.roleName()));
    if (!delegated) {
      throw SignerException.conflict(
          "channel "
              + role.channel()
              + " for "
              + role.hardware()
              + " waits for the holders of the targets keys of lineage "
              + lineage
              + ": have them sign the next targets role (signer root targets)");
    }
  }

  /** Finishes what a crash has stopped. */
  @EventListener(ApplicationReadyEvent.class)
  void onReady() {
    publishAll();
  }

  /** Signs anew what runs out, by duty and well before. */
  @Scheduled(initialDelay = 60_000, fixedDelay = 60_000)
  void renew() {
    publishAll();
  }

  /** Trouble with one repository, whatever it is, holds up no other and not the service. */
  private void publishAll() {
    for (String product : fleet.products()) {
      for (Lineage lineage : lineages.of(product)) {
        try {
          if (isDue(lineage)) {
            publish(lineage);
          }
          standing.well(lineage.key());
        } catch (RejectedException | IOException | RuntimeException e) {
          standing.inTrouble(lineage.key(), e);
        }
      }
    }
  }

  /** Most rounds find nothing to do, and then need not keep anybody from writing. */
  private boolean isDue(Lineage lineage) throws RejectedException, IOException {
    Lineages.Repository repository = lineages.repository(lineage);
    Instant now = clock.instant();
    try {
      older.requireNewest(lineage);
    } catch (OlderDatabase.FoundException e) {
      return true;
    }
    return repository
        .publisher()
        .isDue(
            () -> contents.of(lineage, repository.files(), now),
            lineages.lifetimes(lineage.product()),
            now);
  }

  /** The head files of a channel and hardware, as each lineage announces its own now. */
  public List<Head> heads(String product, String channel, String hardware) {
    return lineages.of(product).stream()
        .flatMap(lineage -> head(product, lineage.name(), channel, hardware).stream())
        .toList();
  }

  /** The product's lineages in which a key signs for a role. */
  public Set<String> signedBy(String product, Digest keyId) {
    return lineages.of(product).stream()
        .filter(lineage -> lineages.usesKey(lineage, keyId))
        .map(Lineage::name)
        .collect(Collectors.toSet());
  }

  /** When the newest root of each of the product's lineages ends. */
  public Map<String, Instant> rootEnds(String product) {
    Map<String, Instant> ends = new HashMap<>();
    for (Lineage lineage : lineages.of(product)) {
      try {
        ends.put(lineage.name(), PublishedSet.root(lineages.repository(lineage).files()).expires());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return ends;
  }

  /** Devices that some release of the product waits for. */
  public Set<String> held(String product) {
    return named.held(product);
  }

  /** A head file as a lineage announces it now, empty when it announces none. */
  public Optional<Head> head(String product, String lineage, String channel, String hardware) {
    Optional<Lineage> found = lineages.find(product, lineage);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try {
      RepositoryFiles files = lineages.repository(found.get()).files();
      Optional<byte[]> bytes =
          Contents.head(files, PublishedSet.read(files), new ChannelRole(channel, hardware));
      return bytes.isPresent() ? Optional.of(Head.read(bytes.get())) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RejectedException e) {
      throw new SignerException(
          ProblemType.INTERNAL, "the catalogue's own head file is damaged: " + e.getMessage());
    }
  }
}
