package dev.otasigner.service.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** Kept counts are what counting all devices gives. */
@OnBothDatabases
@ServiceTest
class SettlementTests {
  private static final int DEVICES = 300;
  private static final int STATES = 5;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private FleetFixture.Factory factory;
  @Autowired private Cohorts cohorts;
  @Autowired private Settlement settlement;
  @Autowired private DeviceStore store;
  @Autowired private JdbcClient jdbc;
  @Autowired private JdbcTemplate batches;
  @Autowired private Products products;
  @Autowired private TransactionTemplate transaction;

  private static int count;
  private String product = "";
  private Device made;

  @BeforeEach
  void aProduct() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    product = "set" + ++count;
    FleetFixture.product(admin, factory, product);
    FleetFixture.manufacture(admin, product, "d");
    made = store.find(new DeviceKey(product, "d")).orElseThrow();
  }

  private Device device(String id) {
    return new Device(
        new DeviceKey(product, id),
        made.made(),
        made.clockFloor(),
        made.report(),
        new Device.Secret(Optional.empty(), Optional.empty()),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private void insert(int from, int to) {
    transaction.executeWithoutResult(
        status -> store.insert(IntStream.range(from, to).mapToObj(i -> device("d" + i)).toList()));
  }

  private void arrive(List<Device> devices) {
    store.insert(devices, settlement.arriving(product, devices));
  }

  private long inCohorts() {
    return jdbc.sql("select sum(devices) from fleet_cohort where product = ?")
        .param(product)
        .query(Long.class)
        .single();
  }

  /** A list of a million devices need not be read again to be counted. */
  @Test
  void devicesOfAListAreCountedAsTheyComeIn() {
    settlement.settle(product);
    transaction.executeWithoutResult(
        status -> arrive(List.of(device("a"), device("b"), device("c"))));
    assertThat(
            jdbc.sql("select count(*) from fleet_device where product = ? and cohort is null")
                .param(product)
                .query(Long.class)
                .single())
        .isZero();
    assertThat(inCohorts()).isEqualTo(4);
    assertThatThrownBy(
            () ->
                transaction.executeWithoutResult(
                    status -> {
                      arrive(List.of(device("e")));
                      arrive(List.of(device("a")));
                    }))
        .isInstanceOf(DataIntegrityViolationException.class);
    assertThat(inCohorts()).as("of those that are on record").isEqualTo(4);
    settlement.settle(product);
    settlement.recount(product);
    assertThat(inCohorts()).as("counted anew").isEqualTo(4);
  }

  /** Some devices check in, each in one of a few states, in any order. */
  private void checkIn(Random random, long seq) {
    Map<DeviceKey, DeviceStore.Heard> heard = new HashMap<>();
    for (int i = 0; i < 20; i++) {
      DeviceKey key = new DeviceKey(product, "d" + random.nextInt(DEVICES));
      heard.put(
          key,
          new DeviceStore.Heard(
              key,
              Instant.EPOCH,
              Optional.of(report(random.nextInt(STATES), seq)),
              Optional.empty()));
    }
    transaction.executeWithoutResult(status -> store.flush(heard.values()));
  }

  private Report report(int counter, long seq) {
    Report report = made.report();
    return new Report(
        seq,
        report.version(),
        report.manifest(),
        report.profile(),
        report.bootloaderId(),
        counter,
        report.lineage(),
        report.rootVersion(),
        report.channel(),
        report.clockClass(),
        report.components(),
        report.outcome());
  }

  private long devices() {
    return jdbc.sql("select count(*) from fleet_device where product = ?")
        .param(product)
        .query(Long.class)
        .single();
  }

  private long counted() {
    return cohorts.of(product).stream().mapToLong(Cohorts.Counted::devices).sum();
  }

  /** By security counter, which is all that tells these devices apart. */
  private void requireExact() {
    Map<Long, List<Object>> kept = new HashMap<>();
    for (Cohorts.Counted cohort : cohorts.of(product)) {
      assertThat(
              kept.put(cohort.state().securityCounter(), List.of(cohort.devices(), cohort.first())))
          .isNull();
    }
    Map<Long, List<Object>> real = new HashMap<>();
    jdbc.sql(
            "select security_counter, count(*), min(device_id) from fleet_device where product = ?"
                + " group by security_counter")
        .param(product)
        .query(
            row -> {
              real.put(row.getLong(1), List.of(row.getLong(2), row.getString(3)));
            });
    assertThat(kept).isEqualTo(real);
    assertThat(
            jdbc.sql("select sum(devices) from fleet_cohort where product = ?")
                .param(product)
                .query(Long.class)
                .single())
        .isEqualTo(devices());
  }

  @Test
  void countsAreRightWhileDevicesComeInAndChangeAndOthersCount() throws Exception {
    insert(0, DEVICES);
    AtomicInteger writing = new AtomicInteger(3);
    AtomicLong seq = new AtomicLong();
    List<Callable<Void>> work = new ArrayList<>();
    for (int w = 0; w < 2; w++) {
      Random random = new Random(w);
      work.add(
          () -> {
            for (int i = 0; i < 60; i++) {
              checkIn(random, seq.incrementAndGet());
            }
            writing.decrementAndGet();
            return null;
          });
    }
    work.add(
        () -> {
          for (int i = 0; i < 20; i++) {
            insert(DEVICES + i * 50, DEVICES + (i + 1) * 50);
          }
          writing.decrementAndGet();
          return null;
        });
    work.add(
        () -> {
          while (writing.get() > 0) {
            long before = devices();
            assertThat(counted()).isBetween(before, devices());
          }
          return null;
        });
    Settlement ofAnotherInstance = new Settlement(jdbc, batches, products, transaction);
    work.add(
        () -> {
          while (writing.get() > 0) {
            ofAnotherInstance.settle(product);
          }
          return null;
        });
    work.add(
        () -> {
          while (writing.get() > 0) {
            settlement.recount(product);
          }
          return null;
        });
    ExecutorService threads = Executors.newFixedThreadPool(work.size());
    try {
      for (Future<Void> done : threads.invokeAll(work)) {
        done.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(devices()).isEqualTo(1 + DEVICES + 1000);
    requireExact();
  }

  /** It dies when it has moved the devices, before it counts them where they are. */
  @Test
  void whatDiesBetweenDevicesAndCountsIsUndone() {
    insert(0, 10);
    requireExact();
    checkIn(new Random(1), 1);
    JdbcTemplate dying =
        new JdbcTemplate(Objects.requireNonNull(batches.getDataSource())) {
          @Override
          public int[] batchUpdate(String sql, List<? extends @Nullable Object[]> values) {
            if (sql.startsWith("update fleet_cohort")) {
              throw new IllegalStateException("dies");
            }
            return super.batchUpdate(sql, values);
          }
        };
    assertThatThrownBy(() -> new Settlement(jdbc, dying, products, transaction).settle(product))
        .hasMessage("dies");
    requireExact();
  }

  @Test
  void aPartThatMeetsAnotherIsTriedAgain() {
    insert(0, 10);
    AtomicInteger met = new AtomicInteger();
    JdbcTemplate meeting =
        new JdbcTemplate(Objects.requireNonNull(batches.getDataSource())) {
          @Override
          public int[] batchUpdate(String sql, List<? extends @Nullable Object[]> values) {
            if (met.getAndIncrement() < 3) {
              throw new CannotAcquireLockException("met");
            }
            return super.batchUpdate(sql, values);
          }
        };
    new Settlement(jdbc, meeting, products, transaction).settle(product);
    assertThat(met).hasValueGreaterThan(3);
    requireExact();
  }

  @Test
  void rowsRemovedByHandAreCountedAnew() {
    insert(0, 10);
    checkIn(new Random(2), 1);
    requireExact();
    jdbc.sql("delete from fleet_device where product = ? and device_id in ('d', 'd1')")
        .param(product)
        .update();
    settlement.recount(product);
    requireExact();
    // A cohort of which nothing is left is noticed by the next question.
    jdbc.sql("delete from fleet_device where product = ? and security_counter = ?")
        .params(product, cohorts.of(product).get(0).state().securityCounter())
        .update();
    requireExact();
  }
}
