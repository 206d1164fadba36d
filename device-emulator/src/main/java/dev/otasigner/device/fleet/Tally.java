package dev.otasigner.device.fleet;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** Counts by name, from many threads. */
final class Tally {
  private final Map<String, LongAdder> counts = new ConcurrentHashMap<>();

  void count(String name) {
    add(name, 1);
  }

  void add(String name, long number) {
    counts.computeIfAbsent(name, n -> new LongAdder()).add(number);
  }

  /** By name, in order. */
  Map<String, Long> counts() {
    Map<String, Long> result = new TreeMap<>();
    counts.forEach((name, count) -> result.put(name, count.sum()));
    return result;
  }
}
