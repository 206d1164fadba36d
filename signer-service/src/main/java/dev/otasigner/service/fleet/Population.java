package dev.otasigner.service.fleet;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * Every device there is, in the state it last told of; one never heard of counts as it left the
 * factory.
 */
@Component
public class Population {
  private final DeviceStore store;
  private final CheckIns checkIns;
  private final Bootloaders bootloaders;
  private final Profiles profiles;

  Population(DeviceStore store, CheckIns checkIns, Bootloaders bootloaders, Profiles profiles) {
    this.store = store;
    this.checkIns = checkIns;
    this.bootloaders = bootloaders;
    this.profiles = profiles;
  }

  /**
   * A device as the rest of the service sees it.
   *
   * @param lastSeen empty when it was never heard of
   * @param lastListener where it was last heard of; empty as well when a list told of it
   * @param lastProtocol the version of TLS it came with
   * @param lastGroup the group in which its connection agreed on keys
   */
  public record Member(
      DeviceState state,
      boolean enrolled,
      Optional<Instant> lastSeen,
      Optional<String> lastListener,
      Optional<String> lastProtocol,
      Optional<String> lastGroup) {}

  /** All devices of a product, by id. */
  public List<Member> members(String product) {
    return store.list(product).stream().map(checkIns::current).map(this::member).toList();
  }

  /** Devices of a product by id, from this one on. */
  List<Member> members(String product, String from, int limit) {
    return store.list(product, from, limit).stream()
        .map(checkIns::current)
        .map(this::member)
        .toList();
  }

  /** A kind of client: what it trusts, and from which root it goes on. */
  public record Client(Digest profile, String lineage, long rootVersion) {}

  /** The kinds of clients among the product's devices, as written; each once. */
  public List<Client> clients(String product) {
    return store.clients(product);
  }

  public Optional<Member> member(String product, String deviceId) {
    return store.find(new DeviceKey(product, deviceId)).map(checkIns::current).map(this::member);
  }

  private Member member(Device device) {
    String product = device.key().product();
    Report report = device.report();
    Bootloader bootloader =
        bootloaders
            .find(product, report.bootloaderId())
            .map(Bootloaders.Registered::bootloader)
            .orElseThrow();
    // A renewed certificate that was not used yet may never have arrived.
    DeviceState.ClientCert cert =
        device
            .certified()
            .map(c -> new DeviceState.ClientCert(c.keyType(), c.notAfter()))
            .orElseGet(() -> profiles.toCome(product, report.profile()));
    Optional<Device.Through> through = device.seen().flatMap(Device.Sighting::through);
    return new Member(
        new DeviceState(
            device.key().deviceId(),
            product,
            new DeviceState.Hardware(device.made().hardware(), device.made().revision()),
            report.channel(),
            new DeviceState.Clock(report.clockClass(), device.clockFloor()),
            bootloader,
            new DeviceState.Running(report.version(), report.manifest(), report.profile()),
            report.components(),
            report.securityCounter(),
            report.lineage(),
            report.rootVersion(),
            cert),
        device.certified().isPresent(),
        device.seen().map(Device.Sighting::at),
        through.map(Device.Through::listener),
        through.flatMap(Device.Through::protocol),
        through.flatMap(Device.Through::group));
  }
}
