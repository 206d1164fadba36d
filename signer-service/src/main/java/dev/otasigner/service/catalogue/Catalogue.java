package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.AuditSigner;
import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.signing.PayloadStore;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  private final Lineages lineages;
  private final ReleaseStore releases;
  private final Builds builds;
  private final PayloadStore payloads;
  private final FleetFacts fleet;
  private final AuditLog audit;
  private final AuditSigner auditSigner;
  private final CatalogueStanding standing;
  private final Clock clock;

  Catalogue(
      Lineages lineages,
      ReleaseStore releases,
      Builds builds,
      PayloadStore payloads,
      FleetFacts fleet,
      AuditLog audit,
      AuditSigner auditSigner,
      CatalogueStanding standing,
      Clock clock) {
    this.lineages = lineages;
    this.releases = releases;
    this.builds = builds;
    this.payloads = payloads;
    this.fleet = fleet;
    this.audit = audit;
    this.auditSigner = auditSigner;
    this.standing = standing;
    this.clock = clock;
  }

  /**
   * Brings all repositories of a product to what is released.
   *
   * @throws RejectedException when the device's own client does not accept the result of one; it
   *     then stays as it was
   */
  void publish(String product) throws RejectedException, IOException {
    for (Lineage lineage : lineages.of(product)) {
      try {
        publish(lineage);
      } catch (IOException | RuntimeException e) {
        standing.inTrouble(lineage.key(), e);
        throw e;
      }
    }
  }

  private void publish(Lineage lineage) throws RejectedException, IOException {
    Lineages.Repository repository = lineages.repository(lineage);
    Instant now = clock.instant();
    repository
        .publisher()
        .publish(
            wanted(lineage, repository.files(), now),
            () -> Followers.of(lineage.key(), fleet, offered(lineage.product())),
            lineages.lifetimes(lineage.product()),
            now);
    standing.well(lineage.key());
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
          publish(lineage);
        } catch (RejectedException | IOException | RuntimeException e) {
          standing.inTrouble(lineage.key(), e);
        }
      }
    }
  }

  private Wanted wanted(Lineage lineage, RepositoryFiles files, Instant now) throws IOException {
    Optional<PublishedSet> published = PublishedSet.ifWhole(files);
    Map<ChannelRole, List<WantedFile>> roles = new LinkedHashMap<>();
    for (String channel : fleet.channels(lineage.product())) {
      for (Manifest.Hardware hardware : fleet.hardware(lineage.product())) {
        ChannelRole role = new ChannelRole(channel, hardware.id());
        List<HeadFile.Listed> listed = listed(lineage.product(), lineage.name(), role);
        byte[] head = HeadFile.of(role, listed, headBefore(files, published, role), now);
        roles.put(role, files(files, role, listed, head));
      }
    }
    return new Wanted(roles, checkpoint());
  }

  /** A log that can not be signed now is no reason to let the catalogue expire. */
  private Optional<WantedFile> checkpoint() {
    try {
      return Optional.of(Wanted.checkpoint(audit.checkpoint(), auditSigner.key().spki()));
    } catch (SignerException e) {
      log.warn("no audit checkpoint for the catalogue: {}", e.getMessage());
      return Optional.empty();
    }
  }

  private static Optional<byte[]> headBefore(
      RepositoryFiles files, Optional<PublishedSet> published, ChannelRole role)
      throws IOException {
    String path = CataloguePaths.head(role.channel(), role.hardware());
    Optional<TargetFile> target =
        published
            .flatMap(set -> Optional.ofNullable(set.roles().get(role.roleName())))
            .flatMap(targets -> Optional.ofNullable(targets.targets().get(path)));
    return target.isPresent() && files.hasTarget(target.get())
        ? Optional.of(Files.readAllBytes(files.locationOf(target.get())))
        : Optional.empty();
  }

  /** What a lineage lists: the builds that live in it, and the bridges of all. */
  private List<HeadFile.Listed> listed(String product, String lineage, ChannelRole role) {
    List<HeadFile.Listed> listed = new ArrayList<>();
    for (Release release : releases.findByProductOrderByCreated(product)) {
      if (release.state().isListed()
          && release.channel().equals(role.channel())
          && release.hardware().equals(role.hardware())) {
        Manifest manifest = builds.manifest(build(release));
        if (release.isBridge() || lineageOf(manifest).equals(lineage)) {
          listed.add(new HeadFile.Listed(release, manifest));
        }
      }
    }
    return listed;
  }

  /** Profiles of all listed builds: a bridge leads to a lineage from another's catalogue. */
  private List<Profile> offered(String product) {
    return releases.findByProductOrderByCreated(product).stream()
        .filter(release -> release.state().isListed())
        .map(release -> profile(builds.manifest(build(release))))
        .toList();
  }

  private Build build(Release release) {
    return builds
        .find(release.product(), release.version())
        .orElseThrow(() -> new IllegalStateException("build " + release.version() + " is gone"));
  }

  /** The lineage that devices are in once they run the build. */
  String lineageOf(Manifest manifest) {
    return profile(manifest).lineage().name();
  }

  private Profile profile(Manifest manifest) {
    Bytes bytes =
        fleet
            .profile(manifest.product(), manifest.profile())
            .orElseThrow(
                () -> new IllegalStateException("profile " + manifest.profile() + " is gone"));
    try {
      return Profile.read(bytes.toByteArray());
    } catch (RejectedException e) {
      throw new IllegalStateException("profile " + manifest.profile() + " is damaged", e);
    }
  }

  private List<WantedFile> files(
      RepositoryFiles repository, ChannelRole role, List<HeadFile.Listed> listed, byte[] head)
      throws IOException {
    String channel = role.channel();
    String hardware = role.hardware();
    Map<String, WantedFile> files = new LinkedHashMap<>();
    add(files, WantedFile.of(CataloguePaths.head(channel, hardware), head));
    for (HeadFile.Listed build : listed) {
      Manifest manifest = build.manifest();
      Digest envelope = build(build.release()).manifest();
      String manifestPath = CataloguePaths.manifest(channel, hardware, manifest.version());
      long manifestBytes = Files.size(payloads.require(envelope));
      add(files, stored(repository, manifestPath, manifestBytes, envelope));
      byte[] profile = profile(manifest).bytes().toByteArray();
      String profilePath = CataloguePaths.profile(channel, hardware, manifest.profile());
      add(files, WantedFile.of(profilePath, profile));
      for (Manifest.Variant variant : manifest.variants()) {
        String path = CataloguePaths.image(channel, hardware, manifest.version(), variant.name());
        add(files, stored(repository, path, variant.lengthBytes(), variant.sha256()));
      }
      if (manifest.bootloader().isPresent()) {
        Manifest.BootloaderComponent component = manifest.bootloader().get();
        String path = CataloguePaths.bootloader(channel, hardware, manifest.version());
        add(files, stored(repository, path, component.lengthBytes(), component.sha256()));
      }
    }
    return List.copyOf(files.values());
  }

  private static void add(Map<String, WantedFile> files, WantedFile file) {
    files.put(file.target().path(), file);
  }

  /** A file of the payload store; one that is gone from there comes back from the catalogue. */
  private WantedFile stored(
      RepositoryFiles repository, String path, long lengthBytes, Digest sha256) throws IOException {
    TargetFile target = TargetFile.of(path, lengthBytes, sha256);
    if (payloads.find(sha256).isEmpty() && repository.hasTarget(target)) {
      Path copy = repository.locationOf(target);
      try (InputStream in = Files.newInputStream(copy)) {
        payloads.store(in);
      }
      log.warn("stored file {} was gone and is restored from {}", sha256, copy);
    }
    return WantedFile.of(target, payloads.require(sha256));
  }

  /** The head files of a channel and hardware, as each lineage announces its own now. */
  public List<Head> heads(String product, String channel, String hardware) {
    return lineages.of(product).stream()
        .flatMap(lineage -> head(product, lineage.name(), channel, hardware).stream())
        .toList();
  }

  /** Whether a key signs for a role of the product's repositories. */
  public boolean isRoleKey(String product, Digest keyId) {
    return lineages.of(product).stream().anyMatch(l -> lineages.usesKey(l, keyId));
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
          headBefore(files, PublishedSet.read(files), new ChannelRole(channel, hardware));
      return bytes.isPresent() ? Optional.of(Head.read(bytes.get())) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RejectedException e) {
      throw new SignerException(
          ProblemType.INTERNAL, "the catalogue's own head file is damaged: " + e.getMessage());
    }
  }
}
