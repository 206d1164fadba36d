package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.PrunedBuilds;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Removes the images of builds that are offered to nobody and needed by nobody. It is decided first
 * and durable; from then on the build cannot be released, and its files go, also after a kill. No
 * file goes that a catalogue lists which anybody may still hold.
 */
@Component
class Pruning {
  private static final Logger log = LoggerFactory.getLogger(Pruning.class);

  /** No product's timestamp lives longer: for releases of a time when nobody wrote down its end. */
  private static final Duration LONGEST_TIMESTAMP = Duration.ofDays(90);

  private final ReleaseStore store;
  private final Releases releases;
  private final Builds builds;
  private final PrunedBuilds pruned;
  private final Lineages lineages;
  private final ObjectProvider<ReleaseGuard> guards;
  private final TransactionTemplate transactions;
  private final AuditLog audit;
  private final Milestones milestones;
  private final Clock clock;

  Pruning(
      ReleaseStore store,
      Releases releases,
      Builds builds,
      PrunedBuilds pruned,
      Lineages lineages,
      ObjectProvider<ReleaseGuard> guards,
      TransactionTemplate transactions,
      AuditLog audit,
      Milestones milestones,
      Clock clock) {
    this.store = store;
    this.releases = releases;
    this.builds = builds;
    this.pruned = pruned;
    this.lineages = lineages;
    this.guards = guards;
    this.transactions = transactions;
    this.audit = audit;
    this.milestones = milestones;
    this.clock = clock;
  }

  /**
   * What goes.
   *
   * @param files of the payload store, by digest
   * @param shared files that something else needs, and that stay there
   * @param listed places in the catalogue
   * @param bytes of all files, each content once
   */
  record Plan(
      Build build, List<Digest> files, List<Digest> shared, List<String> listed, long bytes) {
    Json.Obj toJson() {
      return Json.object()
          .put("product", build.product())
          .put("version", build.version().toString())
          .put("files", Json.strings(files.stream().map(Digest::hex).toList()))
          .put("shared", Json.strings(shared.stream().map(Digest::hex).toList()))
          .put("catalogue", Json.strings(listed))
          .put("bytes", bytes)
          .build();
    }
  }

  /**
   * What would go.
   *
   * @throws SignerException NOT_FOUND; CONFLICT when the build was never released, is listed
   *     somewhere or was until a moment ago, or is gone already; WOULD_STRAND when devices run it,
   *     or it alone leads them on
   */
  Plan plan(String product, ImageVersion version) {
    // Nobody waits for who only asks: it is judged once more before anything goes.
    return judge(product, version);
  }

  /** Does it; throws as {@link #plan}. */
  Plan prune(String product, ImageVersion version) {
    return releases.alone(
        () -> {
          Plan plan =
              Objects.requireNonNull(
                  transactions.execute(
                      status -> {
                        Plan judged = judge(product, version);
                        pruned.begin(judged.build());
                        audit.record(
                            RecordKind.BUILD_PRUNED.code(),
                            "build:" + product + "/" + version,
                            Map.of(
                                "files", Integer.toString(judged.files().size()),
                                "bytes", Long.toString(judged.bytes())));
                        return judged;
                      }));
          milestones.passed("build.pruning");
          remove(plan.build());
          return plan;
        });
  }

  private Plan judge(String product, ImageVersion version) {
    Build build =
        builds
            .find(product, version)
            .orElseThrow(() -> SignerException.notFound("build " + version + " of " + product));
    pruned
        .at(product, version)
        .ifPresent(
            at -> {
              throw SignerException.conflict("build " + version + " was pruned at " + at);
            });
    requireOver(build);
    try {
      BuildFiles files = builds.files(build);
      guards.orderedStream().forEach(guard -> guard.requireForgettable(product, files));
      return plan(build);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** No catalogue lists it that anybody may hold. */
  private void requireOver(Build build) {
    List<Release> all = store.findByProductAndVersion(build.product(), build.version().toString());
    if (all.isEmpty()) {
      throw SignerException.conflict(
          "build " + build.version() + " was never released: whether it will be nobody knows");
    }
    for (Release release : all) {
      if (release.state().isListed() || release.isPending()) {
        throw SignerException.conflict(
            "release "
                + release.name()
                + " is "
                + release.state().code()
                + ": withdraw or stop it first");
      }
      Instant until =
          release.listedUntil().orElseGet(() -> release.changed().plus(LONGEST_TIMESTAMP));
      if (until.isAfter(clock.instant())) {
        throw SignerException.conflict(
            "release "
                + release.name()
                + " is listed by a timestamp that somebody may hold until "
                + until);
      }
    }
  }

  private Plan plan(Build build) throws IOException {
    List<Digest> own = pruned.own(build);
    List<Digest> shared = new ArrayList<>(pruned.files(build).keySet());
    shared.removeAll(own);
    List<String> listed = new ArrayList<>();
    Set<Digest> contents = new LinkedHashSet<>();
    long bytes = 0;
    for (Digest digest : own) {
      bytes += pruned.lengthBytes(digest).orElse(0L);
      contents.add(digest);
    }
    for (Lineage lineage : lineages.of(build.product())) {
      RepositoryFiles files = lineages.repository(lineage).files();
      for (TargetFile target : targets(build)) {
        if (files.hasTarget(target)) {
          listed.add(lineage.name() + "/" + RepositoryFiles.nameOf(target));
          // A file of both is one on the disk.
          bytes += contents.add(target.sha256().orElseThrow()) ? target.lengthBytes() : 0;
        }
      }
    }
    return new Plan(build, own, shared, listed, bytes);
  }

  /** Wherever a release of the build was listed. */
  private List<TargetFile> targets(Build build) {
    List<TargetFile> targets = new ArrayList<>();
    Manifest manifest = builds.manifest(build);
    for (Release release :
        store.findByProductAndVersion(build.product(), build.version().toString())) {
      String channel = release.channel();
      String hardware = release.hardware();
      for (Manifest.Variant variant : manifest.variants()) {
        targets.add(
            TargetFile.of(
                CataloguePaths.image(channel, hardware, manifest.version(), variant.name()),
                variant.lengthBytes(),
                variant.sha256()));
      }
      manifest
          .bootloader()
          .ifPresent(
              component ->
                  targets.add(
                      TargetFile.of(
                          CataloguePaths.bootloader(channel, hardware, manifest.version()),
                          component.lengthBytes(),
                          component.sha256())));
    }
    return targets;
  }

  private void remove(Build build) {
    try {
      List<Digest> own = pruned.own(build);
      for (Lineage lineage : lineages.of(build.product())) {
        try (RepositoryWriter writer = lineages.repository(lineage).files().acquire()) {
          for (TargetFile target : targets(build)) {
            writer.removeTarget(target);
          }
        }
      }
      milestones.passed("build.unlisted");
      pruned.remove(build, own);
      pruned.leave(build);
      milestones.passed("build.removed");
      pruned.finish(build);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @EventListener(ApplicationReadyEvent.class)
  void onReady() {
    finish();
  }

  /** Goes on with what was cut off. */
  @Scheduled(initialDelay = 90_000, fixedDelay = 60_000)
  void finish() {
    for (PrunedBuilds.Name name : pruned.unfinished()) {
      try {
        releases.alone(
            () -> {
              remove(builds.find(name.product(), name.version()).orElseThrow());
              return name;
            });
      } catch (RuntimeException e) {
        log.warn("files of pruned build {} of {} are left", name.version(), name.product(), e);
      }
    }
  }
}
