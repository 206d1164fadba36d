package dev.otasigner.device.agent;

import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MetadataStore;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** The catalogue of a profile's lineage, refreshed and verified. */
final class Catalogue implements LogWitness.Listing {
  private static final String FIRST_ROOT = "metadata/1.root.json";

  private final CatalogueFetcher fetcher;
  private final String lineage;
  private final Updater updater;

  private Catalogue(CatalogueFetcher fetcher, String lineage, Updater updater) {
    this.lineage = lineage;
    this.fetcher = fetcher;
    this.updater = updater;
  }

  /**
   * Refreshes the lineage that the profile follows. The first root of a lineage that is new to the
   * device is fetched, and counts only if it is the one baked into the profile.
   */
  static Catalogue refresh(
      Server server,
      String product,
      Profile profile,
      MetadataStore store,
      TufLimits limits,
      Instant now)
      throws IOException, RejectedException {
    String lineage = profile.lineage().name();
    CatalogueFetcher fetcher = new CatalogueFetcher(server, product, lineage);
    if (store.load("root").isEmpty()) {
      byte[] root = fetcher.fetch(FIRST_ROOT, limits.rootBytes());
      Updater.trustRoot(store, root, profile.lineage().rootSha256(), limits);
    }
    Updater updater = new Updater(store, fetcher, limits, LineagePolicy.of(profile), now);
    updater.refresh();
    return new Catalogue(fetcher, lineage, updater);
  }

  long rootVersion() {
    return updater.rootVersion();
  }

  Optional<Instant> clockFloor() {
    return updater.clockFloor();
  }

  /** What of it the device holds, for a profile that would go on from there. */
  LineageCheck lineage() {
    return LineageCheck.of(updater, lineage);
  }

  /** The head file of the device's channel and hardware, if anything was ever released there. */
  Optional<Head> head(DeviceState state) throws IOException, RejectedException {
    Optional<TargetFile> file =
        updater.find(CataloguePaths.head(state.channel(), state.hardware().id()));
    return file.isEmpty()
        ? Optional.empty()
        : Optional.of(Head.read(updater.fetchTarget(file.get(), Head.MAX_BYTES)));
  }

  @Override
  public byte[] read(String path, int maxBytes) throws IOException, RejectedException {
    return updater.fetchTarget(path, maxBytes);
  }

  @Override
  public Optional<TargetFile> find(String path) throws IOException, RejectedException {
    return updater.find(path);
  }

  TargetFile require(String path) throws IOException, RejectedException {
    return find(path)
        .orElseThrow(
            () -> new RejectedException(Reason.TARGET_NOT_FOUND, "no trusted role lists " + path));
  }

  /** Where the server has the file. */
  String pathOf(TargetFile file) {
    return fetcher.path(updater.location(file));
  }
}
