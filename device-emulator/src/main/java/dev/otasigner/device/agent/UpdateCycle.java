package dev.otasigner.device.agent;

import dev.otasigner.device.agent.AttemptOutcome.Result;
import dev.otasigner.device.agent.PendingUpgrade.Phase;
import dev.otasigner.device.agent.UpdateAgent.Done;
import dev.otasigner.device.agent.UpdateAgent.Next;
import dev.otasigner.device.agent.UpdateAgent.Reset;
import dev.otasigner.device.agent.UpdateOutcome.UpToDate;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.Mailbox;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
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
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One pass from the catalogue to the request that the bootloader boots what was downloaded. */
final class UpdateCycle {
  /** A build that was reverted this often is not taken again. */
  private static final int MAX_REVERTS = 3;

  /** With these, staying as it is is what a device should do. */
  private static final Set<Reason> NOTHING_TO_TAKE =
      EnumSet.of(Reason.VERSION_NOT_NEWER, Reason.OUT_OF_SHARE);

  private final OsFlash flash;
  private final AgentStore store;
  private final BootReport report;
  private final DeviceClock clock;
  private final Server server;
  private final Profile profile;
  private final TufLimits limits;
  private final Steps steps;

  UpdateCycle(
      OsFlash flash,
      BootReport report,
      DeviceClock clock,
      Server server,
      Profile profile,
      TufLimits limits,
      Steps steps) {
    this.flash = flash;
    this.store = flash.store();
    this.report = report;
    this.clock = clock;
    this.server = server;
    this.profile = profile;
    this.limits = limits;
    this.steps = steps;
  }

  Next run() throws IOException, RejectedException {
    Catalogue catalogue = refresh();
    DeviceState state = flash.state();
    server.negotiated().ifPresent(n -> steps.step("connect", n.toString()));
    steps.step("refresh", "lineage " + state.lineage() + ", root " + state.rootVersion());
    new LogWitness(store, steps).look(catalogue, clock.now(state));
    Optional<Head> head = catalogue.head(state);
    if (head.isEmpty()) {
      steps.step("select", "nothing was released to " + state.channel());
      return new Done(new UpToDate(state.running().version()));
    }
    Selection selection =
        UpdateSelection.select(state, profile, head.get(), catalogue::read, catalogue.lineage());
    if (selection.chosen().isEmpty()) {
      requireNoRefusal(selection);
      steps.step("select", state.running().version() + " is the newest to take");
      return new Done(new UpToDate(state.running().version()));
    }
    Chosen chosen = selection.chosen().get();
    requireNotRevertedTooOften(chosen);
    steps.step(
        "select", chosen.listing().version() + (chosen.listing().bridge() ? ", a bridge" : ""));
    PendingUpgrade upgrade = stage(catalogue, state, chosen);
    requireStillOffered(upgrade, chosen);
    request(upgrade);
    return new Reset();
  }

  /** Refreshes, and remembers what time it can at least be. */
  private Catalogue refresh() throws IOException, RejectedException {
    DeviceState state = store.state();
    Catalogue catalogue =
        Catalogue.refresh(
            server,
            state.product(),
            profile,
            store.metadata(state.lineage()),
            limits,
            clock.now(state));
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

  private void requireNotRevertedTooOften(Chosen chosen) throws RejectedException {
    int reverts = store.failures(chosen.manifestDigest());
    if (reverts >= MAX_REVERTS) {
      throw new RejectedException(
          Reason.NOT_CONFIRMED,
          "version " + chosen.listing().version() + " was reverted " + reverts + " times");
    }
  }

  /** Downloads and judges; when it returns, flash holds a build that the policy accepts. */
  private PendingUpgrade stage(Catalogue catalogue, DeviceState state, Chosen chosen)
      throws IOException, RejectedException {
    TargetFile image = catalogue.require(chosen.eligible().file().path());
    SlotDownload download = new SlotDownload(flash.secondary(), image);
    Optional<byte[]> component = component(catalogue, state, chosen);
    PendingUpgrade upgrade = begin(state, chosen, image, component);
    try {
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
    if (chosen.eligible().manifest().bootloader().isEmpty()) {
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
    } else {
      store.abandon(upgrade, store.state(), refused);
    }
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
