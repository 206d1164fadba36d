package dev.otasigner.service.rotation;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.service.listeners.HandshakeTrial;
import dev.otasigner.service.listeners.Listeners;
import dev.otasigner.service.listeners.OpenListener;
import dev.otasigner.service.problem.DatabaseTrouble;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.rotation.HandshakeResult.Address;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.device.Profile;
import jakarta.annotation.PreDestroy;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Tries once a day, by real handshakes, whether devices get through to where their profiles have
 * them dial: what is between them and the listeners is in no configuration of the service's. One
 * that fails where a listener is to answer is recorded once, and receivers are told of the record.
 */
@Component
class HandshakeTrials {
  private static final Logger log = LoggerFactory.getLogger(HandshakeTrials.class);

  /** So many of a product at a time. */
  static final int MAX_ADDRESSES = 64;

  private static final int THREADS = 8;
  private static final int SECONDS = 60;

  private final LiveProfiles profiles;
  private final Listeners listeners;
  private final FleetFacts fleet;
  private final HandshakeStore store;
  private final AuditLog audit;
  private final TransactionTemplate transaction;
  private final Clock clock;
  private final boolean daily;
  private final ReentrantLock lock = new ReentrantLock();
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          THREADS,
          THREADS,
          10,
          TimeUnit.SECONDS,
          new LinkedBlockingQueue<>(),
          task -> {
            Thread thread = new Thread(task, "handshake-trial");
            thread.setDaemon(true);
            return thread;
          });

  HandshakeTrials(
      LiveProfiles profiles,
      Listeners listeners,
      FleetFacts fleet,
      HandshakeStore store,
      AuditLog audit,
      TransactionTemplate transaction,
      Clock clock,
      @Value("${signer.listeners.handshakes}") boolean daily) {
    this.profiles = profiles;
    this.listeners = listeners;
    this.fleet = fleet;
    this.store = store;
    this.audit = audit;
    this.transaction = transaction;
    this.clock = clock;
    this.daily = daily;
    threads.allowCoreThreadTimeOut(true);
  }

  /** Something to try. */
  record Plan(Address address, Profile profile, boolean expected) {}

  @Scheduled(initialDelay = 300_000, fixedDelay = 86_400_000)
  void look() {
    if (!daily) {
      return;
    }
    for (String product : fleet.products()) {
      try {
        run(product);
      } catch (RuntimeException e) {
        if (DatabaseTrouble.behind(e).isPresent()) {
          throw e;
        }
        log.error("handshakes of {} are not tried now", product, e);
      }
    }
  }

  @PreDestroy
  void stop() {
    threads.shutdownNow();
  }

  /**
   * Tries all addresses of a product, for a minute at most; what is not tried by then keeps what
   * was known.
   *
   * @throws SignerException CONFLICT while others are tried
   */
  List<HandshakeResult> run(String product) {
    if (!lock.tryLock()) {
      throw SignerException.conflict("handshakes are being tried already");
    }
    try {
      Map<Address, HandshakeResult> before =
          store.of(product).stream()
              .collect(Collectors.toMap(HandshakeResult::address, Function.identity()));
      List<Plan> plans = plan(product, profiles.of(product), before);
      List<HandshakeResult> results =
          new ArrayList<>(tried(plans.stream().limit(MAX_ADDRESSES).toList(), before));
      plans.stream().skip(MAX_ADDRESSES).flatMap(known(before)).forEach(results::add);
      transaction.executeWithoutResult(
          status -> {
            store.replace(product, results);
            results.stream()
                .filter(result -> isNews(result, before))
                .forEach(result -> record(product, result));
          });
      return store.of(product);
    } finally {
      lock.unlock();
    }
  }

  private static boolean isNews(HandshakeResult result, Map<Address, HandshakeResult> before) {
    HandshakeResult known = before.get(result.address());
    return result.isAlarm() && (known == null || !known.isAlarm());
  }

  private void record(String product, HandshakeResult result) {
    long devices =
        fleet.cohorts(product).stream()
            .filter(c -> c.state().running().profile().equals(result.address().profile()))
            .mapToLong(c -> c.count())
            .sum();
    log.warn("{}: {}", product, result.text(result.tried()));
    audit.record(
        Actor.SYSTEM,
        RecordKind.HANDSHAKE_FAILED.code(),
        "product:" + product,
        Map.of(
            "address", result.address().text(),
            "profile", result.address().profile().hex(),
            "devices", Long.toString(devices),
            "reason", result.outcome().reason(),
            "detail", result.outcome().detail()));
  }

  private static Function<Plan, Stream<HandshakeResult>> known(
      Map<Address, HandshakeResult> before) {
    return plan -> Stream.ofNullable(before.get(plan.address()));
  }

  /**
   * Each address of these profiles once: those first that are expected to answer, and of these the
   * ones that were not tried for longest.
   */
  List<Plan> plan(String product, Iterable<Profile> live, Map<Address, HandshakeResult> before) {
    Map<Address, Plan> plans = new LinkedHashMap<>();
    for (Profile profile : live) {
      List<Integer> spoken =
          listeners.reachableWith(profile).stream().map(l -> l.spec().port()).toList();
      for (String host : profile.servers()) {
        for (int port : profile.ports()) {
          Address address = new Address(product, profile.digest(), host, port);
          plans.putIfAbsent(
              address,
              new Plan(address, profile, spoken.contains(port) && listeners.isNamed(host)));
        }
      }
    }
    return plans.values().stream()
        .sorted(
            Comparator.comparing(Plan::expected)
                .reversed()
                .thenComparing(plan -> lastTried(plan, before)))
        .toList();
  }

  private static Instant lastTried(Plan plan, Map<Address, HandshakeResult> before) {
    HandshakeResult known = before.get(plan.address());
    return known == null ? Instant.MIN : known.tried();
  }

  private List<HandshakeResult> tried(List<Plan> plans, Map<Address, HandshakeResult> before) {
    List<Callable<HandshakeResult>> work =
        plans.stream().<Callable<HandshakeResult>>map(plan -> () -> tried(plan)).toList();
    List<HandshakeResult> results = new ArrayList<>();
    try {
      List<Future<HandshakeResult>> done = threads.invokeAll(work, SECONDS, TimeUnit.SECONDS);
      for (int i = 0; i < plans.size(); i++) {
        result(done.get(i)).or(known(before, plans.get(i))).ifPresent(results::add);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("the service ends", e);
    }
    return results;
  }

  private static Supplier<Optional<HandshakeResult>> known(
      Map<Address, HandshakeResult> before, Plan plan) {
    return () -> Optional.ofNullable(before.get(plan.address()));
  }

  private static Optional<HandshakeResult> result(Future<HandshakeResult> done)
      throws InterruptedException {
    try {
      return Optional.of(done.get());
    } catch (CancellationException late) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a trial of a handshake failed", e);
    }
  }

  private HandshakeResult tried(Plan plan) {
    int port = plan.address().port();
    int here =
        listeners.list().stream()
            .filter(listener -> listener.spec().port() == port)
            .map(OpenListener::boundPort)
            .findFirst()
            .orElse(port);
    Instant now = clock.instant();
    return new HandshakeResult(
        plan.address(),
        now,
        plan.expected(),
        HandshakeTrial.of(plan.profile(), plan.address().host(), port, here, now));
  }
}
