package dev.otasigner.device.flash;

/** A power supply that fails once, at a chosen operation, and counts the operations. */
public final class CountedPower implements PowerSupply {
  private final long cutAt;
  private final Power how;
  private long operations;

  private CountedPower(long cutAt, Power how) {
    this.cutAt = cutAt;
    this.how = how;
  }

  /** Counts and never fails. */
  public static CountedPower counting() {
    return new CountedPower(-1, Power.STEADY);
  }

  /** Fails at the operation of this number, the first being 1. */
  public static CountedPower cutAt(long operation, Power how) {
    return new CountedPower(operation, how);
  }

  public long operations() {
    return operations;
  }

  @Override
  public Power next() {
    operations++;
    return operations == cutAt ? how : Power.STEADY;
  }
}
