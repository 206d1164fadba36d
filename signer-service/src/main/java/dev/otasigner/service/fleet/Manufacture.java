package dev.otasigner.service.fleet;

import dev.otasigner.service.access.Secret;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.Profile;
import java.util.Map;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Puts manufactured devices on record: from then on they count, seen or not. */
@Component
class Manufacture {
  private final DeviceStore store;
  private final Products products;
  private final Bootloaders bootloaders;
  private final Profiles profiles;
  private final ObjectProvider<FactoryFiles> builds;
  private final AuditLog audit;

  Manufacture(
      DeviceStore store,
      Products products,
      Bootloaders bootloaders,
      Profiles profiles,
      ObjectProvider<FactoryFiles> builds,
      AuditLog audit) {
    this.store = store;
    this.products = products;
    this.bootloaders = bootloaders;
    this.profiles = profiles;
    this.builds = builds;
    this.audit = audit;
  }

  /** A device as it leaves the factory. */
  record Made(
      DeviceKey key,
      Device.Made hardware,
      String bootloader,
      String channel,
      ClockClass clockClass) {}

  /** The device's one-time secret, seen only now. */
  @Transactional
  public Secret record(Made made) {
    String product = made.key().product();
    products.require(product);
    if (!DeviceKey.isDeviceId(made.key().deviceId())) {
      throw bad("deviceId: 1 to 64 of [A-Za-z0-9._-] are expected");
    }
    String hardware = made.hardware().hardware();
    Products.Hardware known =
        products
            .hardware(product, hardware)
            .orElseThrow(() -> SignerException.notFound("hardware " + hardware));
    if (!known.revisions().contains(made.hardware().revision())) {
      throw bad("revision: " + hardware + " has " + String.join(", ", known.revisions()));
    }
    if (bootloaders
        .find(product, made.bootloader())
        .filter(bootloader -> bootloader.hardware().equals(hardware))
        .isEmpty()) {
      throw SignerException.notFound("bootloader " + made.bootloader() + " for " + hardware);
    }
    if (!products.channels(product).contains(made.channel())) {
      throw SignerException.notFound("channel " + made.channel());
    }
    if (store.find(made.key()).isPresent()) {
      throw SignerException.conflict(made.key().label() + " is on record already");
    }
    store.insert(fresh(made));
    Secret secret = Secret.generate("otd_");
    store.setSecret(made.key(), secret.sha256());
    audit.record(
        "device.manufactured",
        made.key().label(),
        Map.of("build", made.hardware().build().toString(), "bootloader", made.bootloader()));
    return secret;
  }

  /** Another secret, for a device whose key is lost; the key it has now works on until then. */
  @Transactional
  public Secret again(DeviceKey key) {
    if (store.find(key).isEmpty()) {
      throw SignerException.notFound(key.label());
    }
    Secret secret = Secret.generate("otd_");
    store.setSecret(key, secret.sha256());
    audit.record("device.secret-issued", key.label(), Map.of());
    return secret;
  }

  private Device fresh(Made made) {
    String product = made.key().product();
    ImageVersion version = made.hardware().build();
    FactoryFiles.Build build =
        builds.stream()
            .flatMap(b -> b.build(product, version, made.hardware().hardware()).stream())
            .findFirst()
            .orElseThrow(() -> SignerException.notFound("build " + version));
    Profile profile =
        profiles
            .find(product, build.profile())
            .orElseThrow(() -> SignerException.notFound("profile " + build.profile()));
    return new Device(
        made.key(),
        made.hardware(),
        build.built(),
        new Report(
            -1,
            version,
            build.manifest(),
            build.profile(),
            made.bootloader(),
            build.securityCounter(),
            profile.lineage().name(),
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

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
