package dev.otasigner.service.signing;

import dev.otasigner.service.fleet.Bootloaders;
import dev.otasigner.service.fleet.Cohorts;
import dev.otasigner.service.fleet.Population;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.fleet.Products;
import dev.otasigner.service.fleet.Profiles;
import dev.otasigner.service.fleet.WrittenOff;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.LineageCheck;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The fleet as it is registered and heard of. */
@Component
final class RegisteredFleet implements FleetFacts {
  private final Products products;
  private final Population population;
  private final Cohorts cohorts;
  private final WrittenOff writtenOff;
  private final Profiles profiles;
  private final Bootloaders bootloaders;

  RegisteredFleet(
      Products products,
      Population population,
      Cohorts cohorts,
      WrittenOff writtenOff,
      Profiles profiles,
      Bootloaders bootloaders) {
    this.products = products;
    this.population = population;
    this.cohorts = cohorts;
    this.writtenOff = writtenOff;
    this.profiles = profiles;
    this.bootloaders = bootloaders;
  }

  @Override
  public ProductPolicy policy(String product) {
    return products.require(product).policy();
  }

  @Override
  public List<String> products() {
    return products.list().stream().map(Products.Product::name).toList();
  }

  @Override
  public List<Manifest.Hardware> hardware(String product) {
    return products.hardware(product).stream()
        .map(h -> new Manifest.Hardware(h.id(), h.revisions()))
        .toList();
  }

  @Override
  public List<String> channels(String product) {
    return products.channels(product);
  }

  @Override
  public List<Cohort> cohorts(String product) {
    return cohorts.of(product).stream()
        .map(c -> new Cohort(c.id(), c.state(), c.devices(), List.of(c.first())))
        .toList();
  }

  @Override
  public Map<Long, Long> writtenOff(String product) {
    return writtenOff.counts(product);
  }

  @Override
  public List<String> devices(String product, Cohort cohort, int limit) {
    return cohorts.devices(product, cohort.id(), "", limit);
  }

  @Override
  public List<Known> devices(String product, Collection<String> named) {
    return named.stream()
        .flatMap(device -> population.member(product, device).stream())
        .map(Population.Member::state)
        .map(state -> new Known(cohorts.of(product, state.deviceId()).orElse(0L), state))
        .toList();
  }

  @Override
  public List<Client> clients(String product) {
    return population.clients(product).stream()
        .map(c -> new Client(c.profile(), c.lineage(), c.rootVersion()))
        .toList();
  }

  @Override
  public Optional<Bytes> profile(String product, Digest digest) {
    return profiles.find(product, digest).map(Profile::bytes);
  }

  @Override
  public LineageCheck lineages(String product) {
    return profiles.lineages(product);
  }

  @Override
  public Optional<Bootloader> bootloader(String product, String id) {
    return bootloaders.find(product, id).map(Bootloaders.Registered::bootloader);
  }

  @Override
  public List<Bootloader> bootloaders(String product, String hardware) {
    return bootloaders.list(product).stream()
        .filter(registered -> registered.hardware().equals(hardware))
        .map(Bootloaders.Registered::bootloader)
        .toList();
  }
}
