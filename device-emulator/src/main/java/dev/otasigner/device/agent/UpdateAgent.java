package dev.otasigner.device.agent;

import dev.otasigner.device.agent.AttemptOutcome.Result;
import dev.otasigner.device.agent.PendingUpgrade.Phase;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.BootStatus;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.SignedMetadata;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What the running build does from its start to the next reset, or to the end of an update cycle.
 */
public final class UpdateAgent {
  /** What comes next: a reset, or the end of the cycle. */
  public sealed interface Next {}

  /** The device has to be reset, and the agent to be started again. */
  public record Reset() implements Next {}

  /**
   * The end of a cycle.
   *
   * @param next when the service would like to hear from this device again, if it said so
   */
  public record Done(UpdateOutcome outcome, Optional<Duration> next) implements Next {
    Done(UpdateOutcome outcome) {
      this(outcome, Optional.empty());
    }
  }

  /** A clock that is set right, a certificate that is renewed, and earlier ones that are shown. */
  private static final int MAX_REMEDIES = 3 + HeldIdentities.MAX_EARLIER;

  private final OsFlash flash;
  private final AgentStore store;
  private final BootReport report;
  private final Surroundings around;
  private final Contact contact;
  private final Steps steps;

  public UpdateAgent(OsFlash flash, BootReport report, Surroundings around) {
    this.flash = flash;
    this.store = flash.store();
    this.report = report;
    this.around = around;
    this.contact = new Contact(flash, around);
    this.steps = around.steps();
  }

  /**
   * Runs until the next reset or to the end of the cycle.
   *
   * @throws CertificateEndedException when the service takes this device's certificate no more
   * @throws IOException when the service is not reached, or the flash cannot be used
   */
  public Next run() throws IOException {
    Optional<PendingUpgrade> pending = store.pending();
    if (report.isTrial()) {
      return onTrial(pending);
    }
    Optional<UpdateOutcome> ended = pending.isPresent() ? settle(pending.get()) : Optional.empty();
    contact.renewIfDue();
    for (int remedies = 0; ; remedies++) {
      DeviceState state = flash.state();
      Profile profile = store.profile(state.running().profile());
      try (Server server = contact.dial(state, profile)) {
        if (ended.isPresent()) {
          return new Done(ended.get(), checkIn(server));
        }
        return cycle(server, profile);
      } catch (IOException e) {
        if (remedies == MAX_REMEDIES || !contact.remedied(e, state, profile)) {
          throw contact.named(e, state, profile);
        }
      }
    }
  }

  /** Takes what is offered; a refusal is reported and ends the cycle. */
  private Next cycle(Server server, Profile profile) throws IOException {
    try {
      return attempt(server, profile);
    } catch (RejectedException e) {
      if (e.reason() == Reason.METADATA_EXPIRED && contact.learnsTime(server, flash.state())) {
        try {
          return attempt(server, profile);
        } catch (RejectedException again) {
          return refused(server, again);
        }
      }
      return refused(server, e);
    }
  }

  private Next attempt(Server server, Profile profile) throws IOException, RejectedException {
    UpdateCycle cycle = new UpdateCycle(flash, report, around.by(contact.clock()), server, profile);
    Next next = cycle.run();
    return next instanceof Done done ? new Done(done.outcome(), checkIn(server)) : next;
  }

  private Done refused(Server server, RejectedException e) {
    UpdateOutcome refused = new Refused(e.reason(), sentence(e));
    try {
      return new Done(refused, checkIn(server));
    } catch (IOException trouble) {
      steps.step("checkin", "not taken: " + trouble.getMessage());
      return new Done(refused);
    }
  }

  static String sentence(RejectedException e) {
    String text = String.valueOf(e.getMessage());
    return e.expected() == null || text.contains(String.valueOf(e.expected()))
        ? text
        : text + " (expected " + e.expected() + ", found " + e.actual() + ")";
  }

  /**
   * A new build proves itself: under its own profile it must reach the service and trust the
   * catalogue. Otherwise it does not confirm itself, and the reset brings the old build back.
   */
  private Next onTrial(Optional<PendingUpgrade> pending) throws IOException {
    long attempt = report.status().attempt();
    if (pending.isEmpty() || pending.get().attempt() != attempt) {
      steps.step("trial", "this image was not put here by this agent; it is not confirmed");
      return new Reset();
    }
    PendingUpgrade upgrade = pending.get();
    DeviceState after = after(upgrade);
    Profile profile = store.profile(upgrade.profile());
    steps.step("trial", upgrade.version() + " runs on trial");
    if (!provesItself(after, profile)) {
      return new Reset();
    }
    flash.mailbox().confirm(attempt);
    steps.step("confirm", upgrade.version() + " confirmed; the next reset makes it final");
    return new Reset();
  }

  private boolean provesItself(DeviceState after, Profile profile) throws IOException {
    for (int remedies = 0; ; remedies++) {
      try (Server server = contact.dial(after, profile)) {
        try {
          trust(server, after, profile);
        } catch (RejectedException e) {
          if (e.reason() != Reason.METADATA_EXPIRED || !contact.learnsTime(server, after)) {
            throw e;
          }
          trust(server, after, profile);
        }
        server.negotiated().ifPresent(n -> steps.step("connect", n.toString()));
        return true;
      } catch (RejectedException e) {
        steps.step("trial", "not confirmed: " + e.getMessage());
        return false;
      } catch (IOException e) {
        if (remedies == MAX_REMEDIES || !contact.remedied(e, after, profile)) {
          steps.step("trial", "not confirmed: " + e.getMessage());
          return false;
        }
      }
    }
  }

  private void trust(Server server, DeviceState after, Profile profile)
      throws IOException, RejectedException {
    Catalogue.refresh(
        server,
        after.product(),
        profile,
        store.metadata(profile.lineage()),
        around.limits(),
        contact.clock().now(after));
  }

  /** What the bootloader made of the upgrade it was asked for. */
  private Optional<UpdateOutcome> settle(PendingUpgrade upgrade) throws IOException {
    if (upgrade.phase() != Phase.REQUESTED) {
      return Optional.empty();
    }
    Optional<BootStatus.Outcome> outcome = report.outcomeOf(upgrade.attempt());
    if (outcome.isEmpty()) {
      // The power failed between the note that the request follows and the request.
      store.save(upgrade.in(Phase.STAGED));
      return Optional.empty();
    }
    BootStatus.Outcome end = outcome.get();
    if (end.result() == BootStatus.Result.CONFIRMED) {
      store.adopt(
          after(upgrade),
          new AttemptOutcome(upgrade.version(), Result.INSTALLED, Optional.empty()));
      steps.step("installed", upgrade.version() + " is final");
      return Optional.of(new Installed(upgrade.version()));
    }
    Result result = end.result() == BootStatus.Result.REVERTED ? Result.REVERTED : Result.REFUSED;
    Reason reason = end.reason().orElse(Reason.NOT_CONFIRMED);
    DeviceState state = store.state();
    store.failed(
        upgrade,
        state,
        new AttemptOutcome(upgrade.version(), result, Optional.of(reason)),
        contact.clock().now(state));
    steps.step(result.code(), upgrade.version() + ": " + end.detail());
    return Optional.of(new Refused(reason, end.detail()));
  }

  /** The state that was judged, with what has been learnt since. */
  private DeviceState after(PendingUpgrade upgrade) throws IOException {
    DeviceState judged =
        upgrade
            .after()
            .orElseThrow(() -> new IOException("flash holds a request that was never judged"));
    DeviceState now = store.state();
    Instant floor =
        now.clock().floor().isAfter(judged.clock().floor())
            ? now.clock().floor()
            : judged.clock().floor();
    return new DeviceState(
        judged.deviceId(),
        judged.product(),
        judged.hardware(),
        judged.channel(),
        new DeviceState.Clock(judged.clock().kind(), floor),
        judged.bootloader(),
        judged.running(),
        judged.components(),
        judged.securityCounter(),
        judged.lineage(),
        storedRootVersion(judged),
        now.clientCert());
  }

  private long storedRootVersion(DeviceState judged) throws IOException {
    Profile profile = store.profile(judged.running().profile());
    Optional<byte[]> root = store.metadata(profile.lineage()).load(Metadata.ROOT);
    if (root.isEmpty()) {
      return judged.rootVersion();
    }
    try {
      return SignedMetadata.root(root.get(), root.get().length).signed().version();
    } catch (RejectedException e) {
      throw new IOException("flash holds an unreadable root: " + e.getMessage(), e);
    }
  }

  private Optional<Duration> checkIn(Server server) throws IOException {
    Optional<Duration> next = CheckIn.report(server, store, flash.state());
    contact.accepted();
    steps.step("checkin", server.negotiated().map(n -> "taken, over " + n).orElse("taken"));
    return next;
  }
}
