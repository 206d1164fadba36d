package dev.otasigner.service.signing;

import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.LineageCheck;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What signing, publishing and rotation ask of the fleet: products and who is out there. */
public interface FleetFacts {

  /**
   * The policy of a product.
   *
   * @throws dev.otasigner.service.problem.SignerException NOT_FOUND when there is no such product
   */
  ProductPolicy policy(String product);

  List<String> products();

  /** The product's hardware with the revisions that exist. */
  List<Manifest.Hardware> hardware(String product);

  List<String> channels(String product);

  /** Every manufactured device, counted by its last known state. Of each cohort one is named. */
  List<Cohort> cohorts(String product);

  /** How many devices of each cohort people have given up, by the cohort's id. */
  default Map<Long, Long> writtenOff(String product) {
    return Map.of();
  }

  /** Identifiers of a cohort's devices, the first so many. */
  List<String> devices(String product, Cohort cohort, int limit);

  /**
   * A device.
   *
   * @param cohort in which it is counted
   */
  record Known(long cohort, DeviceState state) {}

  /** Those of the devices named that are on record, at their last known state. */
  List<Known> devices(String product, Collection<String> named);

  /**
   * A kind of client that devices are.
   *
   * @param lineage that the device follows
   * @param rootVersion from which it goes on
   */
  record Client(Digest profile, String lineage, long rootVersion) {}

  /** The kinds of clients among the devices, each once; of millions of devices there are few. */
  default List<Client> clients(String product) {
    return cohorts(product).stream()
        .map(Cohort::state)
        .map(d -> new Client(d.running().profile(), d.lineage(), d.rootVersion()))
        .distinct()
        .toList();
  }

  /** The bytes of a profile registered for the product. */
  Optional<Bytes> profile(String product, Digest digest);

  /** What the roles of the product's lineages are signed with, for a profile that names one. */
  LineageCheck lineages(String product);

  Optional<Bootloader> bootloader(String product, String id);

  /** The bootloaders that are registered for a hardware. */
  List<Bootloader> bootloaders(String product, String hardware);
}
