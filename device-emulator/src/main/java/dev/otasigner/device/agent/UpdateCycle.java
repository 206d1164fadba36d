package dev.otasigner.device.agent;

import dev.otasigner.device.agent.AttemptOutcome.Result;
import dev.otasigner.device.agent.PendingUpgrade.Phase;
import dev.otasigner.device.agent.UpdateAgent.Done;
import dev.otasigner.device.agent.UpdateAgent.Next;
import dev.otasigner.device.agent.UpdateAgent.Reset;
import dev.otasigner.device.agent.UpdateOutcome.Deferred;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.Mailbox;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.Accepted;
import dev.otasigner.verifier.policy.BootloaderComponent;
import dev.otasigner.verifier.policy.Candidate;
import dev.otasigner.verifier.policy.Check;
import dev.otasigner.verifier.policy.UpdateSelection;
import dev.otasigner.verifier.policy.UpdateSelection.Chosen;
import dev.otasigner.verifier.policy.UpdateSelection.Selection;
import dev.otasigner.verifier.policy.UpgradePolicy;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One pass from the catalogue to the request that the bootloader boots what was downloaded. */
final class UpdateCycle {
  /** With these, staying as it is is what a device should do. */
  private static final Set<Reason> NOTHING_TO_TAKE =
      EnumSet.of(Reason.VERSION_NOT_NEWER, Reason.OUT_OF_SHARE);

  private final OsFlash flash;
  private final AgentStore store;
  private final BootReport report;
  private final Surroundings around;
  private final Server server;
  private final Profile profile;
  private final Steps steps;

  UpdateCycle(
      OsFlash flash, BootReport report, Surroundings around, Server server, Profile profile) {
    this.flash = flash;
    this.store = flash.store();
    this.report = report;
    this.around = around;
    this.server = server;
    this.profile = profile;
    this.steps = around.steps();
  }

  Next run() throws IOException, RejectedException {
    Catalogue catalogue = refresh();
    DeviceState state = flash.state();
    server.negotiated().ifPresent(n -> steps.step("connect", n.toString()));
    steps.step("refresh", "lineage " + state.lineage() + ", root " + state.rootVersion());
    new LogWitness(store, steps).look(catalogue, around.clock().now(state));
    Optional<Head> head = catalogue.head(state);
    if (head.isEmpty()) {
      steps.step("select", "nothing was released to " + state.channel());
      return new Done(new UpToDate(state.running().version()));
    }
    List<LeftBuild> left = new ArrayList<>();
    Head takeable = withoutLeftBuilds(catalogue, state, head.get(), left);
    Selection selection =
        UpdateSelection.select(state, profile, takeable, catalogue::read, catalogue.lineage());
    if (selection.chosen().isEmpty()) {
      requireNoRefusal(selection);
      requireNoneLeft(left);
      steps.step("select", state.running().version() + " is the newest to take");
      return new Done(new UpToDate(state.running().version()));
    }
    Chosen chosen = selection.chosen().get();
    steps.step(
        "select", chosen.listing().version() + (chosen.listing().bridge() ? ", a bridge" : ""));
    Optional<Done> deferred = deferred(chosen);
    if (deferred.isPresent()) {
      return deferred.get();
    }
    PendingUpgrade upgrade = stage(catalogue, state, chosen);
    requireStillOffered(upgrade, chosen);
    // An application may have started meanwhile that was not asked.
    deferred = deferred(chosen);
    if (deferred.isPresent()) {
      return deferred.get();
    }
    request(upgrade);
    return new Reset();
  }

  private Optional<Done> deferred(Chosen chosen) {
    ImageVersion version = chosen.listing().version();
    if (around.consent().asked(version) instanceof Consent.Defer later) {
      steps.step("defer", version + " is wanted later");
      return Optional.of(new Done(new Deferred(version, later.time())));
    }
    return Optional.empty();
  }

  /** Refreshes, and remembers what time it can at least be. */
  private Catalogue refresh() throws IOException, RejectedException {
    DeviceState state = store.state();
    Catalogue catalogue =
        Catalogue.refresh(
            server,
            state.product(),
            profile,
            store.metadata(profile.lineage()),
            around.limits(),
            around.clock().now(state));
    Instant floor = state.clock().floor();
    Instant verified = catalogue.clockFloor().orElse(floor);
    store.saveState(
        new DeviceState(
            state.deviceId(),
            state.product(),
            state.hardware(),
            state.channel(),
            new DeviceState.Clock(state.clock().kind(), verified.isAfter(floor) ? verified : floor),
            state.bootloader(),
            state.running(),
            state.components(),
            state.securityCounter(),
            state.lineage(),
            catalogue.rootVersion(),
            state.clientCert()));
    return catalogue;
  }

  private void requireNoRefusal(Selection selection) throws RejectedException, IOException {
    for (UpdateSelection.Refused refused : selection.refused()) {
      if (!NOTHING_TO_TAKE.contains(refused.refusal().reason())) {
        store.saveOutcome(
            new AttemptOutcome(
                refused.listing().version(),
                Result.REFUSED,
                Optional.of(refused.refusal().reason())));
        throw refused.refusal();
      }
    }
  }

  /** What is listed, without the builds that this device leaves alone. */
  private Head withoutLeftBuilds(
      Catalogue catalogue, DeviceState state, Head head, List<LeftBuild> left)
      throws IOException, RejectedException {
    List<LeftBuild> remembered = store.leftBuilds();
    if (remembered.isEmpty()) {
      return head;
    }
    List<Head.Candidate> takeable = new ArrayList<>();
    List<LeftBuild> listed = new ArrayList<>();
    Instant now = around.clock().now(state);
    for (Head.Candidate candidate : head.candidates()) {
      Optional<LeftBuild> build = find(remembered, catalogue, candidate);
      build.ifPresent(listed::add);
      if (build.filter(b -> !b.isOver(now)).isEmpty()) {
        takeable.add(candidate);
      }
    }
    if (!listed.containsAll(remembered)) {
      store.saveLeftBuilds(remembered.stream().filter(listed::contains).toList());
    }
    for (LeftBuild build : listed) {
      if (!build.isOver(now) && build.version().isNewerThan(state.running().version())) {
        left.add(build);
        steps.step("select", "leaves " + build.version() + " alone: " + build.reason().code());
      }
    }
    return new Head(head.channel(), head.hardware(), head.issued(), takeable);
  }

  /** The same build, in the same files: one that is listed anew has another chance. */
  private static Optional<LeftBuild> find(
      List<LeftBuild> remembered, Catalogue catalogue, Head.Candidate candidate)
      throws IOException, RejectedException {
    Optional<Digest> manifest = digest(catalogue, candidate.manifest());
    for (LeftBuild build : remembered) {
      if (manifest.filter(build.manifest()::equals).isPresent()) {
        for (Head.Variant variant : candidate.variants()) {
          if (digest(catalogue, variant.path()).filter(build.image()::equals).isPresent()) {
            return Optional.of(build);
          }
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<Digest> digest(Catalogue catalogue, String path)
      throws IOException, RejectedException {
    return catalogue.find(path).flatMap(TargetFile::sha256);
  }

  private static void requireNoneLeft(List<LeftBuild> left) throws RejectedException {
    if (!left.isEmpty()) {
      LeftBuild newest = left.get(0);
      throw new RejectedException(
          newest.reason(),
          "version "
              + newest.version()
              + " was tried and is left alone "
              + newest.until().map(t -> "until " + t).orElse("for as long as it is listed"));
    }
  }

  /** Downloads and judges; when it returns, flash holds a build that the policy accepts. */
  private PendingUpgrade stage(Catalogue catalogue, DeviceState state, Chosen chosen)
      throws IOException, RejectedException {
    TargetFile image = catalogue.require(chosen.eligible().file().path());
    Optional<byte[]> component = component(catalogue, state, chosen);
    PendingUpgrade upgrade = begin(state, chosen, image, component);
    try {
      SlotDownload download = new SlotDownload(flash.secondary(), image);
      if (upgrade.phase() == Phase.STAGED && !download.isWhole()) {
        // Cells do go bad: that says nothing about the build.
        steps.step("resume", "what was staged is damaged");
        upgrade = upgrade.in(Phase.CLEARING);
      }
      if (upgrade.phase() == Phase.CLEARING) {
        SlotDownload.clear(flash.secondary());
        upgrade = upgrade.in(Phase.DOWNLOADING);
        store.save(upgrade);
      }
      if (upgrade.phase() == Phase.DOWNLOADING) {
        download.run(server, catalogue.pathOf(image));
        steps.step("download", image.lengthBytes() + " bytes into the secondary slot");
      }
      Accepted accepted =
          UpgradePolicy.judge(
              state,
              profile,
              new Candidate(
                  chosen.listing(),
                  chosen.eligible().file(),
                  chosen.manifestEnvelope(),
                  flash.secondary().source(image.lengthBytes()),
                  chosen.brought(),
                  component.map(ByteSource::of)),
              catalogue.lineage());
      upgrade = upgrade.staged(accepted.after());
      store.save(upgrade);
    } catch (RejectedException e) {
      abandon(upgrade, e);
      throw e;
    }
    steps.step("judge", upgrade.version() + " accepted on the bytes in flash");
    return upgrade;
  }

  private Optional<byte[]> component(Catalogue catalogue, DeviceState state, Chosen chosen)
      throws IOException, RejectedException {
    if (chosen.eligible().manifest().componentFor(state.bootloader()).isEmpty()) {
      return Optional.empty();
    }
    String path =
        CataloguePaths.bootloader(
            state.channel(), state.hardware().id(), chosen.listing().version());
    return Optional.of(catalogue.read(path, BootloaderComponent.MAX_BYTES));
  }

  /** Goes on with the upgrade that is under way, if it is this one. */
  private PendingUpgrade begin(
      DeviceState state, Chosen chosen, TargetFile image, Optional<byte[]> component)
      throws IOException, RejectedException {
    PendingUpgrade wanted =
        new PendingUpgrade(
            Phase.CLEARING,
            0,
            chosen.listing().version(),
            chosen.manifestDigest(),
            chosen.brought().digest(),
            SlotDownload.sha256(image),
            image.lengthBytes(),
            component.map(Digest::of),
            Optional.empty());
    Optional<PendingUpgrade> present = store.pending().filter(wanted::isFor);
    if (present.isPresent()) {
      steps.step("resume", wanted.version() + " was under way");
      return present.get();
    }
    List<byte[]> documents = new ArrayList<>();
    documents.add(chosen.manifestEnvelope().toByteArray());
    documents.add(chosen.brought().bytes().toByteArray());
    component.ifPresent(documents::add);
    store.begin(wanted, state, documents);
    return wanted;
  }

  private void abandon(PendingUpgrade upgrade, RejectedException why) throws IOException {
    AttemptOutcome refused =
        new AttemptOutcome(upgrade.version(), Result.REFUSED, Optional.of(why.reason()));
    if (Check.of(why.reason()) == Check.CATALOGUE && upgrade.phase() == Phase.STAGED) {
      // What is in flash was accepted; it is the catalogue of this hour that was not.
      store.saveOutcome(refused);
    } else if (isOfTheBuild(why.reason()) && upgrade.phase() != Phase.STAGED) {
      store.leave(upgrade, store.state(), refused);
    } else {
      store.abandon(store.state(), refused);
    }
  }

  /** Whether the bytes are those that are listed, and still will not do. */
  private static boolean isOfTheBuild(Reason reason) {
    return switch (Check.of(reason)) {
      case IMAGE, BOOT, BOOTLOADER, READING, VARIANT -> true;
      default -> false;
    };
  }

  /** A download may take days: what was withdrawn meanwhile is not booted. */
  private void requireStillOffered(PendingUpgrade upgrade, Chosen chosen)
      throws IOException, RejectedException {
    try {
      Catalogue fresh = refresh();
      DeviceState state = flash.state();
      Head head =
          fresh
              .head(state)
              .orElseThrow(
                  () ->
                      new RejectedException(
                          Reason.NOT_LISTED, "nothing is released to this channel any more"));
      UpdateSelection.requireStillOffered(
          state, head, chosen, SlotDownload.sha256(fresh.require(chosen.listing().manifest())));
    } catch (RejectedException e) {
      abandon(upgrade, e);
      throw e;
    }
  }

  private void request(PendingUpgrade upgrade) throws IOException {
    long attempt = report.status().attempt() + 1;
    Optional<Bytes> component = Optional.empty();
    if (upgrade.component().isPresent()) {
      component =
          Optional.of(
              Bytes.copyOf(store.document("bootloader component", upgrade.component().get())));
    }
    // Noted first: whatever the bootloader then does with this number is this upgrade's.
    store.save(upgrade.requested(attempt));
    flash.mailbox().request(new Mailbox.Request(attempt, upgrade.imageBytes(), component));
    steps.step("swap", "asked the bootloader to boot " + upgrade.version());
  }
}
