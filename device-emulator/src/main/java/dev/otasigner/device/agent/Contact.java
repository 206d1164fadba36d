package dev.otasigner.device.agent;

import dev.otasigner.device.agent.HeldIdentities.Held;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.renew.Renewal;
import dev.otasigner.device.transport.BodyTooLongException;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.security.KeyPair;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.TlsFatalAlertReceived;
import org.jspecify.annotations.Nullable;

/**
 * The way to the service of a device whose clock may be wrong and whose certificate may have ended.
 *
 * <p>The clock is doubted only when something was refused for its date. Then the service is asked
 * for the time, over a connection that its pinned authority vouches for. What it says counts for as
 * long as the device runs, and never before the floor. Whoever has a server's key and an old
 * catalogue would like clocks to be put back; so one that is ahead by less than a year is believed
 * rather than the service.
 */
final class Contact {
  /** Later than the clock by this: the clock is behind. To believe it hastens ends at most. */
  private static final Duration BEHIND = Duration.ofDays(1);

  /** Earlier than the clock by this: no clock that once was right is ahead so far. */
  private static final Duration AHEAD = Duration.ofDays(365);

  private static final int UNAUTHORIZED = 401;
  private static final int FORBIDDEN = 403;
  private static final int MAX_CAUSES = 100;

  /** As the JDK says which alert it got. */
  private static final Pattern REFUSED =
      Pattern.compile(
          "eceived fatal alert: (bad_certificate|certificate_expired|certificate_unknown"
              + "|unsupported_certificate|unknown_ca|access_denied)");

  private static final Set<Short> CERTIFICATE_ALERTS =
      Set.of(
          AlertDescription.bad_certificate,
          AlertDescription.certificate_expired,
          AlertDescription.certificate_unknown,
          AlertDescription.unsupported_certificate,
          AlertDescription.unknown_ca,
          AlertDescription.access_denied);

  private final OsFlash flash;
  private final AgentStore store;
  private final Surroundings around;
  private final Set<Long> turnedDown = new HashSet<>();
  private DeviceClock clock;
  private boolean renewed;
  private @Nullable Held shown;
  private @Nullable Server dialled;
  private @Nullable IOException firstRefusal;

  Contact(OsFlash flash, Surroundings around) {
    this.flash = flash;
    this.store = flash.store();
    this.around = around;
    this.clock = around.clock();
  }

  DeviceClock clock() {
    return clock;
  }

  Server dial(DeviceState state, Profile profile) throws IOException {
    Server server =
        dialling().under(profile, shown().identity(), clock.now(state), clock.runs(state));
    dialled = server;
    return server;
  }

  private Held shown() throws IOException {
    Held held = shown;
    if (held == null) {
      held = store.identities().current();
      shown = held;
    }
    return held;
  }

  /** The service has taken a check-in: what was shown to it is shown the next time too. */
  void accepted() throws IOException {
    store.identities().show(shown());
    firstRefusal = null;
  }

  private Server.Dialling dialling() {
    return around.dialling().remembering(store.network());
  }

  /** Whether the connection failed for a reason that is out of the way now. */
  boolean remedied(IOException trouble, DeviceState state, Profile profile) throws IOException {
    if (isOfDates(trouble)) {
      return asksTheTime(state, profile);
    }
    // Perhaps it ended without this device knowing what time it is.
    if (isStatus(trouble, FORBIDDEN) && !renewed && renew(state, profile)) {
      return true;
    }
    return isOfIdentity(trouble) && fallsBack(trouble);
  }

  /**
   * Shows an earlier identity, each once: what came in answer to a renewal may have been no
   * certificate, or the service may have been restored from before it.
   */
  private boolean fallsBack(IOException trouble) throws IOException {
    turnedDown.add(shown().number());
    List<Held> left = new ArrayList<>(store.identities().earlier());
    left.add(0, store.identities().current());
    left.removeIf(held -> turnedDown.contains(held.number()));
    if (left.isEmpty()) {
      return false;
    }
    if (firstRefusal == null) {
      firstRefusal = trouble;
    }
    shown = left.get(0);
    around
        .steps()
        .step("identity", shown().identity() + " is shown in place of one that was turned down");
    return true;
  }

  private static boolean isStatus(IOException trouble, int status) {
    return trouble instanceof StatusException answer && answer.status() == status;
  }

  /** Whether the server may have turned down who the device says it is. */
  private boolean isOfIdentity(IOException trouble) {
    if (isRefusal(trouble)) {
      return true;
    }
    // Some servers hang up; but one that has answered before has let the device in.
    boolean hungUp =
        has(
            trouble,
            e ->
                e instanceof SSLException
                    || e instanceof SocketException && !(e instanceof ConnectException));
    return hungUp
        && !has(trouble, CertificateException.class)
        && dialled != null
        && dialled.date().isEmpty();
  }

  /** Whether the clock was wrong by what this server says, and is right now. */
  boolean learnsTime(Server server, DeviceState state) {
    if (!clock.runs(state) || server.date().isEmpty()) {
      return false;
    }
    Instant floor = state.clock().floor();
    Instant said = server.date().get().isAfter(floor) ? server.date().get() : floor;
    Instant believed = clock.now(state);
    boolean isBehind = believed.plus(BEHIND).isBefore(said);
    boolean isAhead = said.plus(AHEAD).isBefore(believed);
    around
        .steps()
        .step(
            "clock",
            believed
                + " by the clock, "
                + said
                + " by the service: "
                + (isBehind || isAhead ? "the service" : "the clock")
                + " is believed");
    if (isBehind || isAhead) {
      clock = clock.setTo(said);
    }
    return isBehind || isAhead;
  }

  private boolean asksTheTime(DeviceState state, Profile profile) throws IOException {
    if (!clock.runs(state)) {
      return false;
    }
    Instant floor = state.clock().floor();
    try (Server server = dialling().under(profile, shown().identity(), floor, false)) {
      try {
        String path = state.product() + "/" + profile.lineage().name() + "/metadata/timestamp.json";
        server.get("/" + path, around.limits().timestampBytes());
      } catch (StatusException | BodyTooLongException e) {
        // Any answer tells the time.
      }
      return learnsTime(server, state);
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isOfDates(Throwable trouble) {
    return has(trouble, CertificateExpiredException.class)
        || has(trouble, CertificateNotYetValidException.class);
  }

  private static boolean has(Throwable trouble, Class<?> kind) {
    return has(trouble, kind::isInstance);
  }

  /** Looks at the causes, and at what happened at other addresses and ports. */
  private static boolean has(Throwable trouble, Predicate<Throwable> what) {
    Deque<Throwable> left = new ArrayDeque<>(List.of(trouble));
    for (int i = 0; !left.isEmpty() && i < MAX_CAUSES; i++) {
      Throwable at = left.remove();
      if (what.test(at)) {
        return true;
      }
      if (at.getCause() != null) {
        left.add(at.getCause());
      }
      left.addAll(List.of(at.getSuppressed()));
    }
    return false;
  }

  /**
   * The trouble, by its name if it is that this device's certificate ended too long ago. It is if
   * the service refuses this certificate, and the clock that says so has been held against the
   * service's, as far as that still answers.
   */
  IOException named(IOException last, DeviceState state, Profile profile) throws IOException {
    IOException first = firstRefusal;
    IOException trouble = first != null && isOfIdentity(last) ? first : last;
    shown = null;
    Instant end = shown().identity().certificate().getNotAfter().toInstant();
    if (!isRefusal(trouble) || !isOver(end, state)) {
      return trouble;
    }
    asksTheTime(state, profile);
    return isOver(end, state) ? new CertificateEndedException(end, trouble) : trouble;
  }

  private boolean isOver(Instant end, DeviceState state) {
    return end.plus(CertificateEndedException.RENEWABLE).isBefore(clock.now(state));
  }

  /** Whether the service answered, in HTTP or in TLS, that it does not take this certificate. */
  private static boolean isRefusal(IOException trouble) {
    if (isStatus(trouble, UNAUTHORIZED) || isStatus(trouble, FORBIDDEN)) {
      return true;
    }
    return has(
        trouble,
        e ->
            e instanceof SSLException && REFUSED.matcher(String.valueOf(e.getMessage())).find()
                || e instanceof TlsFatalAlertReceived alert
                    && CERTIFICATE_ALERTS.contains(alert.getAlertDescription()));
  }

  void renewIfDue() throws IOException {
    DeviceState state = flash.state();
    Profile profile = store.profile(state.running().profile());
    ClientKeyType type = profile.tls().clientKey();
    if (Renewal.isDue(shown().identity().certificate(), type, clock.now(state))) {
      renew(state, profile);
    }
  }

  /** A renewal that fails is tried again the next time; the present certificate goes on. */
  private boolean renew(DeviceState state, Profile profile) throws IOException {
    ClientKeyType type = profile.tls().clientKey();
    Optional<KeyPair> asked = store.renewalKey(type);
    KeyPair keys = asked.orElseGet(() -> ClientKeys.generate(type));
    try {
      if (asked.isEmpty()) {
        store.saveRenewalKey(keys);
      }
    } catch (FlashFullException e) {
      // What the present certificate still opens is more than nothing.
      around.steps().step("renew", "not renewed, the agent's store is full: " + e.getMessage());
      return false;
    }
    try (Server server = dial(state, profile)) {
      X509Certificate present = shown().identity().certificate();
      ClientIdentity fresh = Renewal.request(server, present, state.deviceId(), type, keys);
      requireTimely(fresh.certificate(), server, state);
      store.identities().show(shown());
      store.identities().renewed(fresh, state.clock().floor());
      shown = store.identities().current();
      renewed = true;
      around.steps().step("renew", "certificate with a " + type.code() + " key");
      return true;
    } catch (FlashFullException e) {
      around.steps().step("renew", "not kept, the agent's store is full: " + e.getMessage());
      return false;
    } catch (IOException e) {
      around.steps().step("renew", "not renewed: " + e.getMessage());
      return false;
    }
  }

  private void requireTimely(X509Certificate fresh, Server server, DeviceState state)
      throws IOException {
    boolean runs = clock.runs(state);
    if (Renewal.isTimely(fresh, clock.now(state), runs)
        || learnsTime(server, state) && Renewal.isTimely(fresh, clock.now(state), runs)) {
      return;
    }
    throw new IOException(
        "the service's certificate is for "
            + fresh.getNotBefore().toInstant()
            + " to "
            + fresh.getNotAfter().toInstant()
            + ", and it is "
            + clock.now(state));
  }
}
