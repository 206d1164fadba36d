package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** In which state devices leave the factory, and what may be said of them. */
@Component
class FactoryStates {
  /** Of builds that a list names, so many are remembered. */
  private static final int MAX_BUILDS = 1000;

  private final Products products;
  private final Bootloaders bootloaders;
  private final Profiles profiles;
  private final ObjectProvider<FactoryFiles> builds;

  FactoryStates(
      Products products,
      Bootloaders bootloaders,
      Profiles profiles,
      ObjectProvider<FactoryFiles> builds) {
    this.products = products;
    this.bootloaders = bootloaders;
    this.profiles = profiles;
    this.builds = builds;
  }

  /**
   * The product as it is now, read once however many devices are asked for; for one thread.
   *
   * @throws SignerException NOT_FOUND
   */
  Of of(String product) {
    products.require(product);
    return new Of(product);
  }

  /** A build as devices of a hardware run it. */
  record Running(ImageVersion version, FactoryFiles.Build build, String lineage) {}

  /** One product's. */
  final class Of {
    private final String product;
    private final Map<String, Products.Hardware> hardware;
    private final Map<String, String> hardwareOfBootloader = new HashMap<>();
    private final Set<String> channels;
    private final Map<Digest, String> lineages = new HashMap<>();
    private final Map<String, Optional<FactoryFiles.Build>> known =
        new LinkedHashMap<>() {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(
              Map.Entry<String, Optional<FactoryFiles.Build>> eldest) {
            return size() > MAX_BUILDS;
          }
        };

    private Of(String product) {
      this.product = product;
      this.hardware =
          products.hardware(product).stream()
              .collect(Collectors.toMap(Products.Hardware::id, known -> known));
      bootloaders
          .list(product)
          .forEach(b -> hardwareOfBootloader.put(b.bootloader().id(), b.hardware()));
      this.channels = Set.copyOf(products.channels(product));
    }

    /**
     * The device as it leaves the factory.
     *
     * @throws SignerException NOT_FOUND or BAD_REQUEST when it is made of what the product lacks
     */
    Device made(Manufacture.Made made) {
      String id = made.hardware().hardware();
      Products.Hardware of = hardware.get(id);
      if (of == null) {
        throw SignerException.notFound("hardware " + id);
      }
      if (!of.revisions().contains(made.hardware().revision())) {
        throw new SignerException(
            ProblemType.BAD_REQUEST,
            "revision: " + id + " has " + String.join(", ", of.revisions()));
      }
      requireBootloader(made.bootloader(), id);
      requireChannel(made.channel());
      Running running = running(made.hardware().build(), id);
      return new Device(
          made.key(),
          made.hardware(),
          running.build().built(),
          new Report(
              -1,
              running.version(),
              running.build().manifest(),
              running.build().profile(),
              made.bootloader(),
              running.build().securityCounter(),
              running.lineage(),
              1,
              made.channel(),
              made.clockClass(),
              Map.of(),
              Optional.empty()),
          Device.Secret.SPENT,
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
    }

    /**
     * The finished build of this version for the hardware.
     *
     * @throws SignerException NOT_FOUND
     */
    Running running(ImageVersion version, String hardwareId) {
      FactoryFiles.Build build =
          known
              .computeIfAbsent(version + " " + hardwareId, key -> look(version, hardwareId))
              .orElseThrow(() -> SignerException.notFound("build " + version));
      String lineage =
          lineages.computeIfAbsent(
              build.profile(),
              digest ->
                  profiles
                      .find(product, digest)
                      .orElseThrow(() -> SignerException.notFound("profile " + digest))
                      .lineage()
                      .name());
      return new Running(version, build, lineage);
    }

    void requireBootloader(String id, String hardwareId) {
      if (!hardwareId.equals(hardwareOfBootloader.get(id))) {
        throw SignerException.notFound("bootloader " + id + " for " + hardwareId);
      }
    }

    void requireChannel(String name) {
      if (!channels.contains(name)) {
        throw SignerException.notFound("channel " + name);
      }
    }

    private Optional<FactoryFiles.Build> look(ImageVersion version, String hardwareId) {
      List<FactoryFiles> all = builds.stream().toList();
      return all.stream().flatMap(b -> b.build(product, version, hardwareId).stream()).findFirst();
    }
  }
}
