package dev.otasigner.service.listeners;

import dev.otasigner.service.problem.SignerException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What device listeners would no longer speak, and which of them would no longer be.
 *
 * @param listeners by name
 * @param versions of TLS, such as {@code TLSv1.2}
 * @param suites by their standard names
 * @param groups by their standard names; a listener that names none is not reduced by any
 * @param ports as devices dial them
 */
public record TlsReduction(
    Set<String> listeners,
    Set<String> versions,
    Set<String> suites,
    Set<String> groups,
    Set<Integer> ports) {
  /** Everything is spoken as it is. */
  public static final TlsReduction NONE =
      new TlsReduction(Set.of(), Set.of(), Set.of(), Set.of(), Set.of());

  public TlsReduction {
    listeners = Set.copyOf(listeners);
    versions = Set.copyOf(versions);
    suites = Set.copyOf(suites);
    groups = Set.copyOf(groups);
    ports = Set.copyOf(ports);
  }

  public static TlsReduction closing(Set<String> listeners) {
    return new TlsReduction(listeners, Set.of(), Set.of(), Set.of(), Set.of());
  }

  /** As if this listener stayed whatever it is that goes. */
  public TlsReduction keeping(String listener) {
    return new TlsReduction(
        listeners.stream().filter(name -> !name.equals(listener)).collect(Collectors.toSet()),
        versions,
        suites,
        groups,
        ports);
  }

  public TlsReduction and(Set<String> more) {
    Set<String> all = new HashSet<>(listeners);
    all.addAll(more);
    return new TlsReduction(all, versions, suites, groups, ports);
  }

  public boolean isEmpty() {
    return equals(NONE);
  }

  /** Whether it takes anything from a listener. */
  public boolean isOf(ListenerSpec spec) {
    return !of(spec).equals(Optional.of(spec));
  }

  /** What is left of a listener, or empty when nothing is. */
  Optional<ListenerSpec> of(ListenerSpec spec) {
    TlsPolicy tls = spec.tls();
    List<String> left = without(tls.groups(), groups);
    if (listeners.contains(spec.name())
        || ports.contains(spec.port())
        || left.isEmpty() && !tls.groups().isEmpty()) {
      return Optional.empty();
    }
    List<String> spoken =
        without(tls.suites(), suites).stream()
            .filter(suite -> !versions.contains(TlsPolicy.versionOf(suite)))
            .toList();
    List<String> of = spoken.stream().map(TlsPolicy::versionOf).distinct().toList();
    try {
      return of.isEmpty()
          ? Optional.empty()
          : Optional.of(
              new ListenerSpec(
                  spec.name(),
                  spec.port(),
                  spec.kind(),
                  new TlsPolicy(of, spoken, left, tls.serverKey())));
    } catch (SignerException e) {
      return Optional.empty(); // what is left is nothing that a listener can speak
    }
  }

  private static List<String> without(List<String> all, Set<String> gone) {
    return all.stream().filter(one -> !gone.contains(one)).toList();
  }
}
