package dev.otasigner.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The power is cut before, during and after every flash operation of an upgrade, on chips of
 * several makes. After each cut the device boots an image that is whole, the counter has not gone
 * back, boot trust boots what is there, and the next attempt succeeds.
 */
class PowerCutTests {
  private static long total;

  @AfterAll
  static void sum() {
    Logger.getLogger(PowerCutTests.class.getName())
        .info(() -> "upgrades: " + total + " power cuts in all");
  }

  /** So many there were when it was written; one that ends sooner looks at less. */
  private static void require(long atLeast, long cuts) {
    total += cuts;
    assertThat(cuts).isGreaterThanOrEqualTo(atLeast);
  }

  @ParameterizedTest
  @CsvSource({"1, 0, 1024", "8, 255, 2048", "32, 0, 4096", "32, 255, 1024"})
  void everyOperationOfAnUpgrade(int align, int erased, int sector) {
    FlashLayout layout = FlashLayout.of(align, (byte) erased, TestFleet.SLOT_BYTES, sector);
    String chip = "upgrade, alignment " + align + ", erased " + erased + ", sectors of " + sector;
    require(310, PowerCuts.everyOperation(chip, () -> new CutUpgrade(layout)));
  }

  @ParameterizedTest
  @CsvSource({"1, 0", "8, 255", "32, 0"})
  void everyOperationOfAnUpgradeOnAnUnevenChip(int align, int erased) {
    FlashLayout layout = CutUpgrade.uneven(align, erased);
    String chip = "upgrade, uneven chip, alignment " + align + ", erased " + erased;
    require(470, PowerCuts.everyOperation(chip, () -> new CutUpgrade(layout)));
  }

  /** Sectors are written in parts: as they come, and as much as a connection brings. */
  private static final class InParts extends CutUpgrade {
    InParts() {
      super(FlashLayout.of(8, (byte) 0xff, TestFleet.SLOT_BYTES, 16 * 1024));
      service.breakDownloadsAfter(5000);
    }

    @Override
    Made next() {
      return build("34.0").counter(6).payload(20_000).make();
    }
  }

  @Test
  void everyOperationOfADownloadInPartsOfASector() {
    require(200, PowerCuts.everyOperation("download in parts of a sector", InParts::new));
  }

  @Test
  void everyOperationAndOneMoreInItsRecovery() {
    require(430, PowerCuts.withinRecoveries("upgrade", 3, () -> new CutUpgrade(TestDevice.LAYOUT)));
    require(
        400,
        PowerCuts.withinRecoveries(
            "upgrade, uneven chip", 3, () -> new CutUpgrade(CutUpgrade.uneven(8, 255))));
  }
}
