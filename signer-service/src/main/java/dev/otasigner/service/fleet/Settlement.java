package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.DatabaseTrouble;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Puts devices that changed into the cohorts of their new states, and keeps how many are in each. A
 * device is counted in one cohort until the transaction that counts it in another, so that the
 * counts are right whoever else is settling, and wherever one dies.
 */
@Component
class Settlement {
  private static final Logger log = LoggerFactory.getLogger(Settlement.class);

  /** Devices of one transaction: what is heard of one of them is written when it is over. */
  private static final int PART = 10_000;

  /** So often a part is tried while somebody else finds the same new states. */
  private static final int TRIES = 5;

  /** States that are remembered; a few hundred bytes each. */
  private static final int MAX_LASTING = 20_000;

  private static final int EVERY_SECONDS = 10;
  private static final long DAY_MILLIS = 24 * 60 * 60 * 1000L;

  /** H2 reads all that have changed, for each part, unless all of the index is named. */
  private static final String IN_ORDER = " order by product, cohort, device_id";

  private static final String UNSETTLED =
      "select device_id from fleet_device where product = ? and cohort is null";

  private final JdbcClient jdbc;
  private final JdbcTemplate batches;
  private final Products products;
  private final TransactionTemplate transaction;

  /** Two at the same devices would only wait for each other; not what the counts rest on. */
  private final ReentrantLock turn = new ReentrantLock(true);

  Settlement(
      JdbcClient jdbc, JdbcTemplate batches, Products products, TransactionTemplate transaction) {
    this.jdbc = jdbc;
    this.batches = batches;
    this.products = products;
    this.transaction = OwnTransaction.like(transaction);
  }

  /** Cohorts are never taken away, so what is known of them stays true. */
  private final Map<Cohort, Long> lasting = new ConcurrentHashMap<>();

  private record Cohort(String product, CohortState state) {}

  /** A device that has changed, and the cohort it is still counted in; 0 for none. */
  private record Changed(String deviceId, long counted, CohortState state) {}

  /** So that a question seldom has to: a list of a million devices is settled as it comes in. */
  @Scheduled(fixedDelay = EVERY_SECONDS * 1000L, initialDelay = EVERY_SECONDS * 1000L)
  void settleAll() {
    for (Products.Product product : products.list()) {
      try {
        settle(product.name());
      } catch (RuntimeException e) {
        if (DatabaseTrouble.behind(e).isPresent()) {
          throw e;
        }
        log.debug("the devices of {} are left for the next turn", product.name(), e);
      }
    }
  }

  /** Puts right what rows that were removed by hand leave behind. */
  @Scheduled(fixedDelay = DAY_MILLIS, initialDelay = DAY_MILLIS)
  void recountAll() {
    products.list().forEach(product -> recount(product.name()));
  }

  /**
   * Puts every device of the product that has none by now into its cohort, some of them at a time.
   */
  void settle(String product) {
    Map<CohortState, Long> known = new HashMap<>();
    for (List<String> next = next(product, "", known);
        !next.isEmpty();
        next = next(product, next.get(next.size() - 1), known)) {
      // A device that changes behind this is for the next time.
    }
  }

  private List<String> next(String product, String after, Map<CohortState, Long> known) {
    turn.lock();
    try {
      List<String> next =
          jdbc.sql(UNSETTLED + " and device_id > ?" + IN_ORDER + " limit " + PART)
              .params(product, after)
              .query(String.class)
              .list();
      List<String> left = next;
      while (!left.isEmpty()) {
        left = left(product, left, settle(product, left, known));
      }
      return next;
    } finally {
      turn.unlock();
    }
  }

  /** Those that somebody else is writing now, and has not settled. */
  private List<String> left(String product, List<String> wanted, Set<String> settled) {
    List<String> left = wanted.stream().filter(id -> !settled.contains(id)).toList();
    if (left.isEmpty()) {
      return left;
    }
    Set<String> unsettled =
        new HashSet<>(
            jdbc.sql(UNSETTLED + " and device_id >= ? and device_id <= ?")
                .params(product, left.get(0), left.get(left.size() - 1))
                .query(String.class)
                .list());
    return left.stream().filter(unsettled::contains).toList();
  }

  private Set<String> settle(String product, List<String> next, Map<CohortState, Long> known) {
    return tried(
        () -> {
          Map<CohortState, Long> found = new HashMap<>();
          Set<String> settled =
              Objects.requireNonNull(
                  transaction.execute(status -> part(product, next, known, found)));
          known.putAll(found);
          return settled;
        });
  }

  private static <T> T tried(Supplier<T> work) {
    for (int tried = 1; ; tried++) {
      try {
        return work.get();
      } catch (DataIntegrityViolationException | ConcurrencyFailureException e) {
        if (tried == TRIES) {
          throw e;
        }
      }
    }
  }

  /**
   * Settles those that nobody else is writing, or waits for the first. Whoever waits holds no
   * device that another one could be waiting for.
   *
   * @param found the cohorts of their states
   * @return those that have been waited for, or are settled
   */
  private Set<String> part(
      String product,
      List<String> next,
      Map<CohortState, Long> known,
      Map<CohortState, Long> found) {
    String first = next.get(0);
    Set<String> settled = new HashSet<>();
    List<Changed> changed =
        lock(product, first, next.get(next.size() - 1), " for update skip locked");
    if (changed.isEmpty()) {
      changed = lock(product, first, first, " for update");
      settled.add(first);
    }
    found.putAll(cohorts(product, changed, known));
    Map<Long, Long> more = new TreeMap<>();
    List<Object[]> moved = new ArrayList<>();
    for (Changed device : changed) {
      long cohort = Objects.requireNonNull(found.get(device.state()));
      settled.add(device.deviceId());
      moved.add(new Object[] {cohort, cohort, product, device.deviceId()});
      more.merge(cohort, 1L, Long::sum);
      more.merge(device.counted(), -1L, Long::sum);
    }
    batches.batchUpdate(
        "update fleet_device set cohort = ?, counted = ? where product = ? and device_id = ?",
        moved);
    count(more);
    return settled;
  }

  /** Everybody takes them in this order, so that nobody waits for one who waits. */
  private void count(Map<Long, Long> more) {
    batches.batchUpdate(
        "update fleet_cohort set devices = devices + ? where id = ?",
        more.entrySet().stream()
            .filter(e -> e.getKey() != 0 && e.getValue() != 0)
            .map(e -> new Object[] {e.getValue(), e.getKey()})
            .toList());
  }

  private List<Changed> lock(String product, String first, String last, String how) {
    Map<CohortState, CohortState> same = new HashMap<>();
    return jdbc.sql(
            "select device_id, counted, "
                + CohortState.COLUMNS
                + " from fleet_device where product = ? and cohort is null"
                + " and device_id >= ? and device_id <= ?"
                + IN_ORDER
                + how)
        .params(product, first, last)
        .query(
            (row, n) -> {
              CohortState state = CohortState.of(row);
              return new Changed(
                  row.getString("device_id"),
                  row.getLong("counted"),
                  same.computeIfAbsent(state, s -> s));
            })
        .list();
  }

  private Map<CohortState, Long> cohorts(
      String product, List<Changed> changed, Map<CohortState, Long> known) {
    Map<CohortState, Long> cohorts = new HashMap<>();
    Map<String, CohortState> missing = new TreeMap<>();
    Set<CohortState> states = new HashSet<>();
    changed.forEach(device -> states.add(device.state()));
    for (CohortState state : states) {
      Long id = known.get(state);
      if (id == null) {
        missing.put(state.digest(), state);
      } else {
        cohorts.put(state, id);
      }
    }
    missing.forEach((digest, state) -> cohorts.put(state, cohort(product, digest, state)));
    return cohorts;
  }

  /**
   * The cohorts of devices that are about to be put on record, in the order of the devices: theirs
   * to name in their rows, in the transaction under way, which counts them.
   */
  List<Long> arriving(String product, Collection<Device> devices) {
    List<Long> cohorts = new ArrayList<>();
    Map<Long, Long> more = new TreeMap<>();
    for (Device device : devices) {
      long cohort = lasting(product, CohortState.of(device));
      cohorts.add(cohort);
      more.merge(cohort, 1L, Long::sum);
    }
    count(more);
    return cohorts;
  }

  /** A cohort that is there whatever becomes of the transaction under way. */
  private long lasting(String product, CohortState state) {
    Cohort name = new Cohort(product, state);
    Long known = lasting.get(name);
    if (known == null) {
      known =
          tried(
              () ->
                  Objects.requireNonNull(
                      transaction.execute(status -> cohort(product, state.digest(), state))));
      if (lasting.size() >= MAX_LASTING) {
        lasting.clear();
      }
      lasting.put(name, known);
    }
    return known;
  }

  private long cohort(String product, String digest, CohortState state) {
    List<Long> found = find(product, digest);
    if (found.isEmpty()) {
      state.insert(jdbc, product, digest);
      found = find(product, digest);
    }
    return found.get(0);
  }

  private List<Long> find(String product, String digest) {
    return jdbc.sql("select id from fleet_cohort where product = ? and digest = ?")
        .params(product, digest)
        .query(Long.class)
        .list();
  }

  /** Counts all devices of the product anew. Reads every one of them. */
  void recount(String product) {
    tried(
        () ->
            transaction.execute(
                status -> {
                  recountNow(product);
                  return product;
                }));
  }

  private void recountNow(String product) {
    List<Long> ids =
        jdbc.sql("select id from fleet_cohort where product = ? order by id")
            .param(product)
            .query(Long.class)
            .list();
    // Whoever moves a device now has moved it before the count, or adds to it afterwards. Not "for
    // update", for which PostgreSQL waits until no device is being put into the cohort.
    batches.batchUpdate(
        "update fleet_cohort set devices = devices where id = ?",
        ids.stream().map(id -> new Object[] {id}).toList());
    Map<Long, Long> devices = new HashMap<>();
    jdbc.sql(
            "select counted, count(*) from fleet_device where product = ?"
                + " and counted is not null group by counted")
        .param(product)
        .query(
            row -> {
              devices.put(row.getLong(1), row.getLong(2));
            });
    batches.batchUpdate(
        "update fleet_cohort set devices = ? where id = ?",
        ids.stream().map(id -> new Object[] {devices.getOrDefault(id, 0L), id}).toList());
  }
}
