package dev.otasigner.device.boot;

import dev.otasigner.device.flash.FlashRegion;
import java.io.IOException;

/**
 * Exchanges the slots sector by sector through scratch. Each step leaves its source whole until the
 * step is recorded, so a step that the power cut short is simply done again.
 */
final class SlotSwap {
  private static final int STEPS = 3;

  private final FlashRegion primary;
  private final FlashRegion secondary;
  private final FlashRegion scratch;

  SlotSwap(FlashRegion primary, FlashRegion secondary, FlashRegion scratch) {
    this.primary = primary;
    this.secondary = secondary;
    this.scratch = scratch;
  }

  /** Goes on from the step that was recorded last. */
  void run(BootStatus status, BootMemory memory) throws IOException {
    long longest = Math.max(status.primaryBytes(), status.secondaryBytes());
    int sectorBytes = primary.sectorBytes();
    int steps = STEPS * Math.toIntExact((longest + sectorBytes - 1) / sectorBytes);
    for (int step = memory.swapSteps(); step < steps; step++) {
      int sector = step / STEPS;
      switch (step % STEPS) {
        case 0 -> copy(secondary, sector, scratch, 0);
        case 1 -> copy(primary, sector, secondary, sector);
        default -> copy(scratch, 0, primary, sector);
      }
      memory.saveSwapSteps(step + 1);
    }
  }

  private void copy(FlashRegion from, int fromSector, FlashRegion to, int toSector)
      throws IOException {
    int bytes = primary.sectorBytes();
    byte[] content = from.read((long) fromSector * bytes, bytes);
    long start = (long) toSector * bytes;
    // Scratch may have sectors of its own size, smaller or larger.
    for (long at = start - start % to.sectorBytes(); at < start + bytes; at += to.sectorBytes()) {
      to.eraseIfUsed(Math.toIntExact(at / to.sectorBytes()));
    }
    to.write(start, content);
  }
}
