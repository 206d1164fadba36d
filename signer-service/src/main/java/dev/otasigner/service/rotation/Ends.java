package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.listeners.DeviceTrust;
import dev.otasigner.service.rotation.Impact.Ending;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.device.DeviceState;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What serves a device today and ends by itself. */
final class Ends {
  private final Map<String, Instant> roots;

  Ends(String product, Catalogue catalogue) {
    this.roots = catalogue.rootEnds(product);
  }

  /**
   * What ends first.
   *
   * @param start where the device is
   * @param end where it comes to
   */
  Optional<Ending> first(DeviceState start, DeviceState end) {
    return Stream.of(certificate(start), root(start.lineage()), root(end.lineage()))
        .flatMap(Optional::stream)
        .min(Comparator.comparing(Ending::at));
  }

  private static Optional<Ending> certificate(DeviceState state) {
    return Cohort.isEnrolled(state)
        ? Optional.of(
            new Ending(
                state.clientCert().notAfter().plus(DeviceTrust.RENEWABLE),
                "who has not dialled in by then can not renew the certificate any more"))
        : Optional.empty();
  }

  private Optional<Ending> root(String lineage) {
    return Optional.ofNullable(roots.get(lineage))
        .map(at -> new Ending(at, "the root of lineage " + lineage));
  }
}
