package dev.otasigner.device.agent;

import dev.otasigner.device.agent.AttemptOutcome.Result;
import dev.otasigner.device.agent.PendingUpgrade.Phase;
import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.boot.BootReport;
import dev.otasigner.device.boot.BootStatus;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.renew.Renewal;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.security.KeyPair;
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

  public record Done(UpdateOutcome outcome) implements Next {}

  private final OsFlash flash;
  private final AgentStore store;
  private final BootReport report;
  private final DeviceClock clock;
  private final Server.Dialling dialling;
  private final TufLimits limits;
  private final Steps steps;

  public UpdateAgent(
      OsFlash flash,
      BootReport report,
      DeviceClock clock,
      Server.Dialling dialling,
      TufLimits limits,
      Steps steps) {
    this.flash = flash;
    this.store = flash.store();
    this.report = report;
    this.clock = clock;
    this.dialling = dialling;
    this.limits = limits;
    this.steps = steps;
  }

  /**
   * Runs until the next reset or to the end of the cycle.
   *
   * @throws IOException when the service is not reached, or the flash cannot be used
   */
  public Next run() throws IOException {
    Optional<PendingUpgrade> pending = store.pending();
    if (report.isTrial()) {
      return onTrial(pending);
    }
    Optional<UpdateOutcome> ended = pending.isPresent() ? settle(pending.get()) : Optional.empty();
    renewIfDue();
    DeviceState state = flash.state();
    Profile profile = store.profile(state.running().profile());
    try (Server server = dial(state, profile)) {
      if (ended.isPresent()) {
        checkIn(server);
        return new Done(ended.get());
      }
      return cycle(server, profile);
    }
  }

  /** Takes what is offered; a refusal is reported and ends the cycle. */
  private Next cycle(Server server, Profile profile) throws IOException {
    UpdateCycle cycle = new UpdateCycle(flash, report, clock, server, profile, limits, steps);
    try {
      Next next = cycle.run();
      if (next instanceof Done) {
        checkIn(server);
      }
      return next;
    } catch (RejectedException e) {
      UpdateOutcome refused = new Refused(e.reason(), sentence(e));
      try {
        checkIn(server);
      } catch (IOException trouble) {
        steps.step("checkin", "not taken: " + trouble.getMessage());
      }
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
    try (Server server = dial(after, profile)) {
      Catalogue.refresh(
          server,
          after.product(),
          profile,
          store.metadata(profile.lineage().name()),
          limits,
          clock.now(after));
      server.negotiated().ifPresent(n -> steps.step("connect", n.toString()));
    } catch (IOException | RejectedException e) {
      steps.step("trial", "not confirmed: " + e.getMessage());
      return new Reset();
    }
    flash.mailbox().confirm(attempt);
    steps.step("confirm", upgrade.version() + " confirmed; the next reset makes it final");
    return new Reset();
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
    store.abandon(
        upgrade, store.state(), new AttemptOutcome(upgrade.version(), result, Optional.of(reason)));
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
    Optional<byte[]> root = store.metadata(judged.lineage()).load(Metadata.ROOT);
    if (root.isEmpty()) {
      return judged.rootVersion();
    }
    try {
      return SignedMetadata.root(root.get(), root.get().length).signed().version();
    } catch (RejectedException e) {
      throw new IOException("flash holds an unreadable root: " + e.getMessage(), e);
    }
  }

  /** A renewal that fails is tried again the next time; the present certificate goes on. */
  private void renewIfDue() throws IOException {
    DeviceState state = flash.state();
    Profile profile = store.profile(state.running().profile());
    ClientIdentity identity = store.identity();
    if (!Renewal.isDue(identity.certificate(), profile.tls().clientKey(), clock.now(state))) {
      return;
    }
    ClientKeyType type = profile.tls().clientKey();
    Optional<KeyPair> asked = store.renewalKey(type);
    KeyPair keys = asked.orElseGet(() -> ClientKeys.generate(type));
    if (asked.isEmpty()) {
      store.saveRenewalKey(keys);
    }
    try (Server server = dial(state, profile)) {
      store.saveIdentity(Renewal.request(server, state.deviceId(), type, keys));
      steps.step("renew", "certificate with a " + type.code() + " key");
    } catch (IOException e) {
      steps.step("renew", "not renewed: " + e.getMessage());
    }
  }

  private void checkIn(Server server) throws IOException {
    CheckIn.report(server, store, flash.state());
    steps.step("checkin", server.negotiated().map(n -> "taken, over " + n).orElse("taken"));
  }

  private Server dial(DeviceState state, Profile profile) throws IOException {
    return dialling.under(profile, store.identity(), clock.now(state), clock.runs(state));
  }
}
