package dev.otasigner.service.rotation;

import dev.otasigner.service.listeners.ListenerKind;
import dev.otasigner.service.listeners.ListenerSpec;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.listeners.OpenListener;
import dev.otasigner.service.listeners.RegisteredListener;
import dev.otasigner.service.listeners.TlsReduction;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Profile;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Whether a device with a profile can talk to the service, as of one moment: by what its listeners
 * are configured to speak; and as it really is, by those that are open and by the newest
 * handshakes.
 */
final class Doors {
  private final Listeners listeners;
  private final List<RegisteredListener> registered;
  private final List<OpenListener> open;
  private final List<HandshakeResult> tried;
  private final Instant now;
  private final Map<Question, Optional<Obstacle>> answers = new HashMap<>();

  private record Question(Digest profile, TlsReduction reduction, boolean isReally) {}

  Doors(Listeners listeners, List<HandshakeResult> tried, Instant now) {
    this.listeners = listeners;
    this.registered = listeners.registered();
    this.open = listeners.list();
    this.tried = List.copyOf(tried);
    this.now = now;
  }

  /** Those that are to close by a time, or at any; none of them while a device needs it. */
  Set<String> closing(Optional<Instant> by) {
    return registered.stream()
        .filter(
            listener ->
                listener
                    .sunset()
                    .filter(sunset -> by.isEmpty() || !sunset.isAfter(by.get()))
                    .isPresent())
        .map(RegisteredListener::name)
        .collect(Collectors.toSet());
  }

  /** What keeps it out; before there is a door for devices, nothing can shut one. */
  Optional<Obstacle> obstacle(Profile profile, TlsReduction reduction) {
    return known(new Question(profile.digest(), reduction, true), () -> really(profile, reduction));
  }

  /** The same if every listener were open, and nothing stood before it. */
  Optional<Obstacle> byConfiguration(Profile profile, TlsReduction reduction) {
    return known(
        new Question(profile.digest(), reduction, false),
        () ->
            reaches(ListenerKind.DEVICE, profile, reduction)
                ? Optional.empty()
                : Optional.of(Route.unreachable(profile)));
  }

  private Optional<Obstacle> known(Question question, Supplier<Optional<Obstacle>> find) {
    if (registered.stream().noneMatch(l -> l.spec().kind() == ListenerKind.DEVICE)) {
      return Optional.empty();
    }
    Optional<Obstacle> known = answers.get(question);
    if (known == null) {
      known = find.get();
      answers.put(question, known);
    }
    return known;
  }

  private Optional<Obstacle> really(Profile profile, TlsReduction reduction) {
    List<HandshakeResult> failed = new ArrayList<>();
    for (OpenListener listener : open) {
      if (isFor(ListenerKind.DEVICE, listener.spec(), profile, reduction)) {
        List<HandshakeResult> here = tried(profile, listener);
        if (here.isEmpty() || here.stream().anyMatch(result -> result.outcome().reached())) {
          return Optional.empty();
        }
        failed.addAll(here);
      }
    }
    if (!failed.isEmpty()) {
      return Optional.of(Obstacle.unreachable(failed.get(0).text(now)));
    }
    return Optional.of(
        shut(profile, reduction)
            .map(
                name ->
                    Obstacle.unreachable(
                        "listener " + name + ", which it would reach, is not open"))
            .orElseGet(() -> Route.unreachable(profile)));
  }

  private Optional<String> shut(Profile profile, TlsReduction reduction) {
    return registered.stream()
        .filter(listener -> isFor(ListenerKind.DEVICE, listener.spec(), profile, reduction))
        .map(RegisteredListener::name)
        .findFirst();
  }

  /** Whether a change takes away a listener, or what it speaks, that a device would reach. */
  boolean isNarrowed(Profile profile, TlsReduction reduction) {
    return registered.stream()
        .anyMatch(
            listener ->
                isFor(ListenerKind.DEVICE, listener.spec(), profile, TlsReduction.NONE)
                    && !isFor(ListenerKind.DEVICE, listener.spec(), profile, reduction));
  }

  /**
   * Whether a change takes away a listener at which devices enrol, or some of what it speaks, and
   * leaves none of which it is sure that a device with this profile can: which one it was made to
   * dial, only its factory knows.
   *
   * @param later what goes besides, of itself
   */
  boolean isKeptFromEnrolling(Profile profile, TlsReduction reduction, Set<String> later) {
    return registered.stream()
            .map(RegisteredListener::spec)
            .anyMatch(listener -> listener.kind() == ListenerKind.ENROL && reduction.isOf(listener))
        && !reaches(ListenerKind.ENROL, profile, reduction.and(later));
  }

  private boolean reaches(ListenerKind kind, Profile profile, TlsReduction reduction) {
    return registered.stream()
        .anyMatch(listener -> isFor(kind, listener.spec(), profile, reduction));
  }

  private boolean isFor(
      ListenerKind kind, ListenerSpec listener, Profile profile, TlsReduction reduction) {
    return listener.kind() == kind && listeners.isFor(profile, listener, reduction);
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
