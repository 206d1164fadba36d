package dev.otasigner.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.flash.CountedPower;
import dev.otasigner.device.flash.PowerCutException;
import dev.otasigner.device.flash.PowerSupply;
import dev.otasigner.device.flash.PowerSupply.Power;
import dev.otasigner.device.testing.TestDevice;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.logging.Logger;
import java.util.stream.IntStream;

/** Cuts the power of devices, each way at each flash operation, and has looked at what is left. */
final class PowerCuts {
  static final List<Power> KINDS = List.copyOf(EnumSet.complementOf(EnumSet.of(Power.STEADY)));

  private static final Logger LOG = Logger.getLogger(PowerCuts.class.getName());
  private static final int THREADS = 2;

  private PowerCuts() {}

  /** What is cut short. Each thread has its own, and all are alike. */
  interface Scenario {
    /** The device before it begins. */
    TestDevice fresh();

    /** Does it, on whatever power. */
    void run(TestDevice device) throws IOException;

    /** Whether this device, whose power was cut, is one that boots what it should. */
    void requireSound(TestDevice device, String cut) throws IOException;

    /** Whether this device comes to the end all the same. */
    void requireEnd(TestDevice device, String cut) throws IOException;
  }

  /** Returns how many cuts there were. */
  static long everyOperation(String what, Supplier<? extends Scenario> scenarios) {
    long operations = operations(scenarios.get());
    long cuts = operations * KINDS.size();
    inThreads(
        thread -> {
          Scenario scenario = scenarios.get();
          for (long cut = 1L + thread; cut <= operations; cut += THREADS) {
            for (Power how : KINDS) {
              String name = what + ", " + how + " at " + cut;
              TestDevice device = cut(scenario, scenario.fresh(), cut, how);
              scenario.requireSound(device, name);
              scenario.requireEnd(device, name);
            }
          }
          return 0L;
        });
    LOG.info(() -> what + ": " + cuts + " power cuts");
    return cuts;
  }

  /** A second cut in the recovery from the first, wherever dice have it. */
  static long withinRecoveries(String what, int samples, Supplier<? extends Scenario> scenarios) {
    long operations = operations(scenarios.get());
    long cuts =
        inThreads(
            thread -> {
              Scenario scenario = scenarios.get();
              Random random = new Random(thread);
              long hits = 0;
              for (long cut = 1L + thread; cut <= operations; cut += THREADS) {
                for (int sample = 0; sample < samples; sample++) {
                  Power first = KINDS.get(random.nextInt(KINDS.size()));
                  Power second = KINDS.get(random.nextInt(KINDS.size()));
                  long again = 1L + random.nextInt((int) operations);
                  String name =
                      what + ", " + first + " at " + cut + " and " + second + " " + again
                          + " later";
                  TestDevice device = cut(scenario, scenario.fresh(), cut, first);
                  hits += 1;
                  if (isCutAgain(scenario, device, again, second)) {
                    hits += 1;
                  }
                  scenario.requireSound(device, name);
                  scenario.requireEnd(device, name);
                }
              }
              return hits;
            });
    LOG.info(() -> what + ": " + cuts + " power cuts, of which some in recoveries");
    return cuts;
  }

  /** Power that fails now and then until it is done all the same. */
  static long flickering(String what, int seeds, Supplier<? extends Scenario> scenarios) {
    long cuts =
        inThreads(
            thread -> {
              Scenario scenario = scenarios.get();
              long hits = 0;
              for (int seed = thread; seed < seeds; seed += THREADS) {
                Random random = new Random(seed);
                PowerSupply supply =
                    () ->
                        random.nextInt(30) == 0
                            ? KINDS.get(random.nextInt(KINDS.size()))
                            : Power.STEADY;
                TestDevice device = scenario.fresh().copy(PowerSupply.MAINS);
                for (int start = 0; start < 12; start++) {
                  try {
                    scenario.run(device.on(supply));
                  } catch (PowerCutException e) {
                    hits++;
                    scenario.requireSound(device, what + ", seed " + seed);
                  }
                }
                scenario.requireEnd(device, what + ", seed " + seed);
              }
              return hits;
            });
    LOG.info(() -> what + ": " + cuts + " power cuts at random");
    return cuts;
  }

  private static long operations(Scenario scenario) {
    CountedPower counter = CountedPower.counting();
    try {
      scenario.run(scenario.fresh().copy(counter));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    assertThat(counter.operations()).isPositive();
    return counter.operations();
  }

  /** The device as the cut leaves it, on good power again. */
  private static TestDevice cut(Scenario scenario, TestDevice fresh, long cut, Power how) {
    TestDevice device = fresh.copy(PowerSupply.MAINS);
    TestDevice failing = device.on(CountedPower.cutAt(cut, how));
    assertThatThrownBy(() -> scenario.run(failing)).isInstanceOf(PowerCutException.class);
    return device;
  }

  private static boolean isCutAgain(Scenario scenario, TestDevice device, long cut, Power how)
      throws IOException {
    try {
      scenario.run(device.on(CountedPower.cutAt(cut, how)));
      return false;
    } catch (PowerCutException e) {
      return true;
    }
  }

  private interface Share {
    long of(int thread) throws IOException;
  }

  private static long inThreads(Share share) {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Long>> shares =
          IntStream.range(0, THREADS).mapToObj(i -> (Callable<Long>) () -> share.of(i)).toList();
      long sum = 0;
      for (Future<Long> done : threads.invokeAll(shares)) {
        sum += done.get();
      }
      return sum;
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    } finally {
      threads.shutdownNow();
    }
  }
}
