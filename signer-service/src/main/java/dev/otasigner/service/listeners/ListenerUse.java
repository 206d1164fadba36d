package dev.otasigner.service.listeners;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.Profile;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** Who is on each listener, and who could reach no other one. */
@Component
class ListenerUse {
  private static final Duration KEPT = Duration.ofMinutes(1);

  private final Listeners listeners;
  private final ObjectProvider<DeviceCounts> counts;
  private final Clock clock;
  private volatile Optional<Counted> last = Optional.empty();

  /**
   * The use of every listener.
   *
   * @param counts looked up when asked, since devices are known after listeners
   */
  ListenerUse(Listeners listeners, ObjectProvider<DeviceCounts> counts, Clock clock) {
    this.listeners = listeners;
    this.counts = counts;
    this.clock = clock;
  }

  /**
   * Devices that run one build.
   *
   * @param devices that were last heard of on the listener
   * @param needed that can reach no other one with the profile they run
   */
  record Cohort(String product, ImageVersion version, long devices, long needed) {}

  private record Counted(Instant at, Map<String, List<Cohort>> cohorts) {}

  static long devices(List<Cohort> cohorts) {
    return cohorts.stream().mapToLong(Cohort::devices).sum();
  }

  static long needed(List<Cohort> cohorts) {
    return cohorts.stream().mapToLong(Cohort::needed).sum();
  }

  /** By the listener's name, counted now. */
  Map<String, List<Cohort>> now() {
    Map<Profile, Set<String>> reachable = new HashMap<>();
    Map<String, Map<String, Cohort>> found = new TreeMap<>();
    List<OpenListener> open = listeners.list();
    List<DeviceCounts.Alike> all =
        counts.stream().flatMap(source -> source.alike().stream()).toList();
    for (DeviceCounts.Alike alike : all) {
      Set<String> reached =
          alike
              .profile()
              .map(profile -> reachable.computeIfAbsent(profile, this::reachedWith))
              .orElse(Set.of());
      for (OpenListener listener : open) {
        long on = isOn(alike, listener) ? alike.devices() : 0;
        long needed = needs(alike, listener, reached) ? alike.devices() : 0;
        if (on + needed > 0) {
          found
              .computeIfAbsent(listener.name(), name -> new TreeMap<>())
              .merge(
                  alike.product() + "/" + alike.version(),
                  new Cohort(alike.product(), alike.version(), on, needed),
                  ListenerUse::sum);
        }
      }
    }
    Map<String, List<Cohort>> cohorts =
        open.stream()
            .collect(
                Collectors.toMap(
                    OpenListener::name,
                    l -> List.copyOf(found.getOrDefault(l.name(), Map.of()).values())));
    last = Optional.of(new Counted(clock.instant(), cohorts));
    return cohorts;
  }

  /** The same as of a minute ago at most: for whoever asks again and again. */
  Map<String, List<Cohort>> lately() {
    return last.filter(
            counted -> Duration.between(counted.at(), clock.instant()).abs().compareTo(KEPT) < 0)
        .map(Counted::cohorts)
        .orElseGet(this::now);
  }

  private Set<String> reachedWith(Profile profile) {
    return listeners.reachableWith(profile).stream()
        .map(OpenListener::name)
        .collect(Collectors.toSet());
  }

  private static boolean isOn(DeviceCounts.Alike alike, OpenListener listener) {
    return alike.listener().equals(Optional.of(listener.name()));
  }

  /**
   * A device that came through a listener, however it did, and has no other way by its profile,
   * needs that listener as well.
   */
  private boolean needs(DeviceCounts.Alike alike, OpenListener listener, Set<String> reached) {
    if (listener.spec().kind() == ListenerKind.ENROL) {
      return !alike.enrolled()
          && listeners.list().stream()
              .noneMatch(
                  other ->
                      !other.equals(listener)
                          && alike.profile().filter(p -> enrols(other, p)).isPresent());
    }
    return reached.equals(Set.of(listener.name())) || reached.isEmpty() && isOn(alike, listener);
  }

  /** Whether it is sure that a device with this profile can enrol there. */
  private boolean enrols(OpenListener listener, Profile profile) {
    return listener.spec().kind() == ListenerKind.ENROL
        && listeners.isFor(profile, listener.spec(), TlsReduction.NONE);
  }

  private static Cohort sum(Cohort one, Cohort other) {
    return new Cohort(
        one.product(),
        one.version(),
        one.devices() + other.devices(),
        one.needed() + other.needed());
  }

  /** The biggest cohorts that need a listener, in words. */
  static String whoNeeds(List<Cohort> cohorts) {
    List<String> words = new ArrayList<>();
    cohorts.stream()
        .filter(cohort -> cohort.needed() > 0)
        .sorted((a, b) -> Long.compare(b.needed(), a.needed()))
        .limit(5)
        .forEach(c -> words.add(c.needed() + " of " + c.product() + " on " + c.version()));
    return String.join(", ", words);
  }
}
