package dev.otasigner.device.fleet;

import dev.otasigner.device.flash.PowerSupply;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

/**
 * What goes wrong while a device is switched on once: drawn from the fleet's seed, the device's id
 * and the number of the turn, for each kind apart.
 */
final class Faults implements PowerSupply {
  static final int MAX_SLOW_MILLIS = 2000;

  private static final List<Power> CUTS =
      List.copyOf(EnumSet.complementOf(EnumSet.of(Power.STEADY)));

  private final FaultRates rates;
  private final Tally tally;
  private final Random power;
  private final Random network;

  Faults(FaultRates rates, long seed, String deviceId, int turn, Tally tally) {
    this.rates = rates;
    this.tally = tally;
    this.power = random(seed, deviceId, turn, 1);
    this.network = random(seed, deviceId, turn, 2);
  }

  /** Numbers that follow from all of these, and from nothing else. */
  static Random random(long seed, String deviceId, int turn, int kind) {
    long mixed = seed;
    for (int i = 0; i < deviceId.length(); i++) {
      mixed = mixed * 1_000_003 + deviceId.charAt(i);
    }
    mixed = (mixed * 1_000_003 + turn) * 31 + kind;
    // Close seeds of this generator begin alike: spread first, as SplitMix64 does.
    mixed = (mixed ^ mixed >>> 30) * 0xbf58_476d_1ce4_e5b9L;
    mixed = (mixed ^ mixed >>> 27) * 0x94d0_49bb_1331_11ebL;
    return new Random(mixed ^ mixed >>> 31);
  }

  @Override
  public Power next() {
    if (rates.cut() == 0 || power.nextDouble() >= rates.cut()) {
      return Power.STEADY;
    }
    tally.count("cut");
    return CUTS.get(power.nextInt(CUTS.size()));
  }

  /** Whether the connection breaks at this request. */
  boolean resets() {
    return draw(rates.reset(), "reset");
  }

  /** Whether the server refuses this download. */
  boolean refuses() {
    return draw(rates.refuse(), "refuse");
  }

  /** For how long the answer to this request is held up, mostly not at all. */
  int slowMillis() {
    return draw(rates.slow(), "slow") ? 1 + network.nextInt(MAX_SLOW_MILLIS) : 0;
  }

  /** Some number below. */
  int below(int bound) {
    return network.nextInt(bound);
  }

  private boolean draw(double rate, String name) {
    if (rate == 0 || network.nextDouble() >= rate) {
      return false;
    }
    tally.count(name);
    return true;
  }
}
