package dev.otasigner.service.catalogue;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.AuditSigner;
import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.catalogue.storage.StoredObject;
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
import java.nio.file.Files;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/** What each repository shall hold, by what the database says is released. */
@Component
class Contents {
  private static final Logger log = LoggerFactory.getLogger(Contents.class);

  private final ReleaseStore releases;
  private final Builds builds;
  private final PayloadStore payloads;
  private final FleetFacts fleet;
  private final AuditLog audit;
  private final AuditSigner auditSigner;
  private final ReleaseDevices devices;

  Contents(
      ReleaseStore releases,
      Builds builds,
      PayloadStore payloads,
      FleetFacts fleet,
      AuditLog audit,
      AuditSigner auditSigner,
      ReleaseDevices devices) {
    this.releases = releases;
    this.builds = builds;
    this.payloads = payloads;
    this.fleet = fleet;
    this.audit = audit;
    this.auditSigner = auditSigner;
    this.devices = devices;
  }

  /** A listed release with all that is known of its build. */
  private record Offered(Release release, Build build, Manifest manifest, Profile profile) {
    boolean isIn(ChannelRole role) {
      return release.channel().equals(role.channel()) && release.hardware().equals(role.hardware());
    }

    /** A lineage lists the builds that live in it, and the bridges of all. */
    boolean isFor(Lineage lineage) {
      return release.isBridge() || profile.lineage().name().equals(lineage.name());
    }
  }

  /** A note that is made when it is first asked for. */
  private static final class Once implements Supplier<Optional<WantedFile>> {
    private final Supplier<Optional<WantedFile>> source;
    private Optional<WantedFile> note = Optional.empty();
    private boolean made;

    Once(Supplier<Optional<WantedFile>> source) {
      this.source = source;
    }

    @Override
    public Optional<WantedFile> get() {
      if (!made) {
        note = source.get();
        made = true;
      }
      return note;
    }
  }

  /** What a repository shall hold now. */
  Wanted of(Lineage lineage, RepositoryFiles files, Instant now) throws IOException {
    Optional<PublishedSet> published = PublishedSet.ifWhole(files);
    List<Offered> offers = offers(lineage.product());
    Map<ChannelRole, List<WantedFile>> roles = new LinkedHashMap<>();
    for (String channel : fleet.channels(lineage.product())) {
      for (Manifest.Hardware hardware : fleet.hardware(lineage.product())) {
        ChannelRole role = new ChannelRole(channel, hardware.id());
        List<Offered> listed =
            offers.stream().filter(o -> o.isIn(role) && o.isFor(lineage)).toList();
        Optional<byte[]> before = head(files, published, role);
        List<HeadFile.Listed> lines = listed.stream().map(this::line).toList();
        roles.put(role, files(files, role, listed, HeadFile.of(role, lines, before, now)));
      }
    }
    return new Wanted(roles, new Once(this::checkpoint), Wanted.SignedByPeople.NOTHING);
  }

  private HeadFile.Listed line(Offered offered) {
    return new HeadFile.Listed(
        offered.release(), offered.manifest(), devices.of(offered.release()));
  }

  /**
   * Returns when the head files of the release's channel are still read with other devices named.
   *
   * @throws RejectedException LIMIT_EXCEEDED, MALFORMED
   */
  void requireReadable(Release release, List<Lineage> lineages, ReleaseDevices.Lists lists)
      throws RejectedException {
    ChannelRole role = new ChannelRole(release.channel(), release.hardware());
    List<Offered> offers = offers(release.product());
    for (Lineage lineage : lineages) {
      List<HeadFile.Listed> lines =
          offers.stream()
              .filter(o -> o.isIn(role) && o.isFor(lineage))
              .map(
                  o ->
                      o.release().id().equals(release.id())
                          ? new HeadFile.Listed(o.release(), o.manifest(), lists)
                          : line(o))
              .toList();
      Head.read(HeadFile.of(role, lines, Optional.empty(), release.countingSince()));
    }
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

  /** The head file that a set lists for a channel and hardware. */
  static Optional<byte[]> head(
      RepositoryFiles files, Optional<PublishedSet> published, ChannelRole role)
      throws IOException {
    String path = CataloguePaths.head(role.channel(), role.hardware());
    Optional<TargetFile> target =
        published
            .flatMap(set -> Optional.ofNullable(set.roles().get(role.roleName())))
            .flatMap(targets -> Optional.ofNullable(targets.targets().get(path)));
    return target.isPresent() ? files.readTarget(target.get()) : Optional.empty();
  }

  /** Profiles of all listed builds: a bridge leads to a lineage from another's catalogue. */
  List<Profile> profiles(String product) {
    return offers(product).stream().map(Offered::profile).toList();
  }

  private List<Offered> offers(String product) {
    List<Offered> offers = new ArrayList<>();
    for (Release release : releases.listed(product, ReleaseState.LISTED)) {
      Build build =
          builds
              .find(product, release.version())
              .orElseThrow(
                  () -> new IllegalStateException("build " + release.version() + " is gone"));
      Manifest manifest = builds.manifest(build);
      offers.add(new Offered(release, build, manifest, profile(manifest)));
    }
    return offers;
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
      RepositoryFiles repository, ChannelRole role, List<Offered> listed, byte[] head)
      throws IOException {
    String channel = role.channel();
    String hardware = role.hardware();
    Map<String, WantedFile> files = new LinkedHashMap<>();
    add(files, WantedFile.of(CataloguePaths.head(channel, hardware), head));
    for (Offered offered : listed) {
      Manifest manifest = offered.manifest();
      Digest envelope = offered.build().manifest();
      String manifestPath = CataloguePaths.manifest(channel, hardware, manifest.version());
      long manifestBytes = Files.size(payloads.require(envelope));
      add(files, stored(repository, manifestPath, manifestBytes, envelope));
      byte[] profile = offered.profile().bytes().toByteArray();
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
    if (payloads.find(sha256).isEmpty()) {
      Optional<StoredObject> copy = repository.target(target);
      if (copy.isPresent()) {
        try (InputStream in = copy.get().open()) {
          payloads.store(in);
        }
        String place = repository.placeOf(target);
        log.warn("stored file {} was gone and is restored from {}", sha256, place);
      }
    }
    return WantedFile.of(target, payloads.require(sha256));
  }
}
