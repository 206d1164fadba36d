package dev.otasigner.device.flash;

/** Asked before every flash operation: does the power hold? */
@FunctionalInterface
public interface PowerSupply {
  /** Never fails. */
  PowerSupply MAINS = () -> Power.STEADY;

  /** What the power does during one operation. */
  enum Power {
    STEADY,
    /** Fails before a cell has changed. */
    CUT_BEFORE,
    /** Fails half way: the first half of the range is done, the rest is as it was. */
    CUT_TORN,
    /** Fails half way: of each bit in the range nobody can say whether it is done. */
    CUT_MIXED,
    /** Fails half way and leaves noise in the whole range. */
    CUT_NOISE,
    /** Fails when everything is done, before the caller learns of it. */
    CUT_AFTER
  }

  Power next();
}
