package dev.otasigner.service.fleet;

import dev.otasigner.service.access.Secret;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.ClockClass;
import java.util.List;
import java.util.Map;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Puts manufactured devices on record: from then on they count, seen or not. */
@Component
class Manufacture {
  private final DeviceStore store;
  private final Products products;
  private final FactoryStates states;
  private final AuditLog audit;

  Manufacture(DeviceStore store, Products products, FactoryStates states, AuditLog audit) {
    this.store = store;
    this.products = products;
    this.states = states;
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
    Device device = states.of(product).made(made);
    if (store.find(made.key()).isPresent()) {
      throw SignerException.conflict(made.key().label() + " is on record already");
    }
    store.insert(List.of(device));
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

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
