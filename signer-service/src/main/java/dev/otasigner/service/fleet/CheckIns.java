package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.DatabaseTrouble;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.SmartLifecycle;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Takes check-ins into memory and writes them together, at the latest {@value #FLUSH_SECONDS}
 * seconds later and when the service stops. A check-in lost with the process is told again by the
 * next one, for each says everything.
 */
@Component
class CheckIns implements SmartLifecycle {
  static final int FLUSH_SECONDS = 10;
  private static final Logger log = LoggerFactory.getLogger(CheckIns.class);

  private final DeviceStore store;
  private final Bootloaders bootloaders;
  private final Products products;
  private final ObjectProvider<FactoryFiles> builds;
  private final TransactionTemplate transaction;
  private final Clock clock;
  private final Map<DeviceKey, DeviceStore.Heard> pending = new HashMap<>();
  private volatile boolean running;

  CheckIns(
      DeviceStore store,
      Bootloaders bootloaders,
      Products products,
      ObjectProvider<FactoryFiles> builds,
      TransactionTemplate transaction,
      Clock clock) {
    this.store = store;
    this.bootloaders = bootloaders;
    this.products = products;
    this.builds = builds;
    this.transaction = OwnTransaction.like(transaction);
    this.clock = clock;
  }

  /**
   * Takes a check-in. The same one sent again is taken as heard already.
   *
   * @throws SignerException STALE_SEQUENCE when a later one was heard, BAD_REQUEST when it speaks
   *     of what the service does not know
   */
  void take(Device recorded, Report report, Device.Through through) {
    Device device = current(recorded);
    long last = device.report().seq();
    if (report.seq() < last || report.seq() == last && !report.saysTheSame(device.report())) {
      throw new SignerException(
          ProblemType.STALE_SEQUENCE,
          "seq: more than " + last + " is expected",
          Map.of("seq", new Json.Num(last)));
    }
    requireKnown(device, report);
    Instant floor = floor(device, report);
    Device.Sighting seen = new Device.Sighting(clock.instant(), Optional.of(through));
    synchronized (pending) {
      DeviceStore.Heard before = pending.get(device.key());
      boolean stale =
          before != null
              && before.report().isPresent()
              && before.report().get().seq() > report.seq();
      if (!stale) {
        pending.put(
            device.key(),
            new DeviceStore.Heard(device.key(), floor, Optional.of(report), Optional.of(seen)));
      }
    }
  }

  /** Any other request by a device. */
  void seen(Device device, Device.Through through) {
    Device.Sighting seen = new Device.Sighting(clock.instant(), Optional.of(through));
    synchronized (pending) {
      DeviceStore.Heard before = pending.get(device.key());
      pending.put(
          device.key(),
          new DeviceStore.Heard(
              device.key(),
              before == null ? device.clockFloor() : before.clockFloor(),
              before == null ? Optional.empty() : before.report(),
              Optional.of(seen)));
    }
  }

  /** The device with what was heard of it and is not written yet. */
  Device current(Device recorded) {
    DeviceStore.Heard heard;
    synchronized (pending) {
      heard = pending.get(recorded.key());
    }
    if (heard == null) {
      return recorded;
    }
    boolean newer = heard.report().isPresent();
    return new Device(
        recorded.key(),
        recorded.made(),
        newer ? heard.clockFloor() : recorded.clockFloor(),
        heard.report().orElse(recorded.report()),
        recorded.secret(),
        recorded.certified(),
        recorded.next(),
        heard.seen().or(recorded::seen));
  }

  /** A device enrols afresh: what it said before no longer counts. */
  void forget(DeviceKey key) {
    synchronized (pending) {
      pending.remove(key);
    }
  }

  /** In a transaction of its own: what was heard stays heard, whatever becomes of the caller's. */
  @Scheduled(fixedDelay = FLUSH_SECONDS * 1000L)
  void flush() {
    Map<DeviceKey, DeviceStore.Heard> batch;
    synchronized (pending) {
      if (pending.isEmpty()) {
        return;
      }
      batch = Map.copyOf(pending);
    }
    try {
      transaction.executeWithoutResult(status -> store.flush(batch.values()));
    } catch (RuntimeException e) {
      if (DatabaseTrouble.behind(e).isPresent()) {
        throw e; // of which the log tells once; what was heard stays for the next turn
      }
      log.error("{} check-ins are not written yet; trying again", batch.size(), e);
      return;
    }
    synchronized (pending) {
      // What came in meanwhile stays for the next time.
      batch.forEach(pending::remove);
    }
  }

  /**
   * A profile that is not registered is taken note of: what a device says that it trusts is not
   * made wrong by our not knowing it, and its cohort holds rotations up.
   */
  private void requireKnown(Device device, Report report) {
    String product = device.key().product();
    Optional<Bootloaders.Registered> bootloader = bootloaders.find(product, report.bootloaderId());
    if (bootloader.isEmpty() || !bootloader.get().hardware().equals(device.made().hardware())) {
      throw unknown("bootloaderId", report.bootloaderId());
    }
    if (!products.channels(product).contains(report.channel())) {
      throw unknown("channel", report.channel());
    }
  }

  /** A device without a clock is at least as late as the build it runs. */
  private Instant floor(Device device, Report report) {
    if (report.manifest().equals(device.report().manifest())) {
      return device.clockFloor();
    }
    return builds.stream()
        .flatMap(
            b ->
                b
                    .build(device.key().product(), report.version(), device.made().hardware())
                    .stream())
        .filter(build -> build.manifest().equals(report.manifest()))
        .map(FactoryFiles.Build::built)
        .filter(built -> built.isAfter(device.clockFloor()))
        .findFirst()
        .orElse(device.clockFloor());
  }

  private static SignerException unknown(String field, String value) {
    return new SignerException(
        ProblemType.BAD_REQUEST, field + ": " + value + " is not known for this device");
  }

  @Override
  public void start() {
    running = true;
  }

  /** After the web server has ended its requests, before the database closes. */
  @Override
  public void stop() {
    flush();
    running = false;
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return 0;
  }
}
