package dev.otasigner.service.rotation;

import dev.otasigner.service.listeners.ListenerKind;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.listeners.OpenListener;
import dev.otasigner.service.listeners.TlsReduction;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.verifier.device.Profile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether a device with a profile can talk to the service: by what its listeners are configured to
 * speak, and by the newest real handshakes; the stricter of the two.
 */
final class Doors {
  private final Listeners listeners;
  private final List<HandshakeResult> tried;
  private final Instant now;

  Doors(Listeners listeners, List<HandshakeResult> tried, Instant now) {
    this.listeners = listeners;
    this.tried = List.copyOf(tried);
    this.now = now;
  }

  /** What keeps it out; before any door is open for devices, nothing can shut one. */
  Optional<Obstacle> obstacle(Profile profile, TlsReduction reduction) {
    if (listeners.list().stream().noneMatch(l -> l.spec().kind() == ListenerKind.DEVICE)) {
      return Optional.empty();
    }
    List<HandshakeResult> failed = new ArrayList<>();
    for (OpenListener listener : listeners.reachableWith(profile, reduction)) {
      List<HandshakeResult> here = tried(profile, listener);
      if (here.isEmpty() || here.stream().anyMatch(result -> result.outcome().reached())) {
        return Optional.empty();
      }
      failed.addAll(here);
    }
    return Optional.of(
        failed.isEmpty()
            ? Route.unreachable(profile)
            : Obstacle.unreachable(failed.get(0).text(now)));
  }

  /** What was tried before a listener was opened says nothing about it. */
  private List<HandshakeResult> tried(Profile profile, OpenListener listener) {
    return tried.stream()
        .filter(result -> result.address().profile().equals(profile.digest()))
        .filter(result -> result.address().port() == listener.spec().port())
        .filter(result -> !result.tried().isBefore(listener.opened()))
        .toList();
  }
}
