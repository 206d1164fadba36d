package dev.otasigner.device.flash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.PowerSupply.Power;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlashTests {
  private static final FlashLayout LAYOUT = FlashLayout.of(8, (byte) 0xff, 32 * 1024, 4096);

  @TempDir Path dir;

  @Test
  void blankChipReadsErased() throws IOException {
    FlashRegion slot = Flash.inMemory(LAYOUT).region(Region.PRIMARY);
    assertThat(slot.read(0, 16)).containsOnly(0xff);
    assertThat(slot.isErased(7)).isTrue();
  }

  @Test
  void cellIsNotWrittenTwiceWithoutErasing() throws IOException {
    FlashRegion slot = Flash.inMemory(LAYOUT).region(Region.SECONDARY);
    slot.write(8, new byte[8]);
    assertThatThrownBy(() -> slot.write(8, new byte[8]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("not erased");
    slot.erase(0);
    slot.write(8, new byte[8]);
    assertThat(slot.read(8, 8)).containsOnly(0);
  }

  @Test
  void writesAreAligned() {
    FlashRegion slot = Flash.inMemory(LAYOUT).region(Region.SECONDARY);
    assertThatThrownBy(() -> slot.write(4, new byte[8])).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> slot.write(8, new byte[7])).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void regionsEndWhereTheyEnd() {
    FlashRegion slot = Flash.inMemory(LAYOUT).region(Region.PRIMARY);
    assertThatThrownBy(() -> slot.write(slot.lengthBytes() - 8, new byte[16]))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> slot.read(slot.lengthBytes(), 1))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void lockedRegionIsOnlyRead() throws IOException {
    Flash flash = Flash.inMemory(LAYOUT);
    flash.region(Region.BOOTLOADER).write(0, new byte[8]);
    FlashRegion locked = flash.region(Region.BOOTLOADER).locked();
    assertThat(locked.read(0, 8)).containsOnly(0);
    assertThatThrownBy(() -> locked.erase(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> locked.write(8, new byte[8]))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("locked");
  }

  @Test
  void chipOutlastsItsProcess() throws IOException {
    Path file = dir.resolve("chip");
    byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8};
    try (Flash flash = Flash.create(file, LAYOUT)) {
      flash.region(Region.AGENT).write(64, bytes);
    }
    try (Flash flash = Flash.open(file)) {
      assertThat(flash.layout()).isEqualTo(LAYOUT);
      FlashRegion agent = flash.region(Region.AGENT);
      assertThat(agent.read(64, 8)).containsExactly(bytes);
      assertThat(agent.read(72, 8)).containsOnly(0xff);
      assertThat(agent.isErased(0)).isFalse();
    }
  }

  @Test
  void oneProcessHoldsAChip() throws IOException {
    Path file = dir.resolve("chip");
    try (Flash flash = Flash.create(file, LAYOUT)) {
      assertThat(flash.layout()).isEqualTo(LAYOUT);
      assertThatThrownBy(() -> Flash.open(file)).hasMessageContaining("already");
    }
  }

  @Test
  void foreignFileIsNamedInTheError() throws IOException {
    Path file = dir.resolve("foreign");
    Files.write(file, new byte[10_000]);
    assertThatThrownBy(() -> Flash.open(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("foreign")
        .hasMessageContaining("OTAFLASH");
  }

  @Test
  void tornWriteLeavesTheFirstHalf() throws IOException {
    assertThat(cut(Power.CUT_BEFORE)).containsOnly(0xff);
    assertThat(Arrays.copyOf(cut(Power.CUT_TORN), 4)).containsOnly(0);
    assertThat(Arrays.copyOfRange(cut(Power.CUT_TORN), 4, 8)).containsOnly(0xff);
    assertThat(cut(Power.CUT_MIXED)).isNotEqualTo(new byte[8]);
    assertThat(cut(Power.CUT_NOISE)).isNotEqualTo(new byte[8]);
    assertThat(cut(Power.CUT_AFTER)).containsOnly(0);
  }

  private static byte[] cut(Power how) throws IOException {
    Flash flash = Flash.inMemory(LAYOUT);
    FlashRegion slot = flash.on(CountedPower.cutAt(1, how)).region(Region.SECONDARY);
    assertThatThrownBy(() -> slot.write(0, new byte[8])).isInstanceOf(PowerCutException.class);
    return flash.region(Region.SECONDARY).read(0, 8);
  }

  /** However little of the file there is, as when somebody copied it in part. */
  @Test
  void fileWithoutItsWholeHeaderOrItsLastCellIsNoFlashFile() throws IOException {
    Path file = dir.resolve("whole");
    Flash.create(file, LAYOUT).close();
    byte[] whole = Files.readAllBytes(file);
    for (int length :
        new int[] {0, 1, 7, 8, 11, 12, 100, 4095, 4096, whole.length / 2, whole.length - 1}) {
      Path part = Files.write(dir.resolve("part-" + length), Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> Flash.open(part)).isInstanceOf(FlashFileException.class);
    }
    Flash.open(file).close();
  }

  /** A process may be killed within any operation: none of them touches the header. */
  @Test
  void headerIsTheSameWhateverIsWrittenAndErased() throws IOException {
    Path file = dir.resolve("used");
    Flash.create(file, LAYOUT).close();
    byte[] header = Arrays.copyOf(Files.readAllBytes(file), 4096);
    try (Flash flash = Flash.open(file)) {
      for (Region each : Region.values()) {
        FlashRegion region = flash.region(each);
        byte[] unit = new byte[region.writeAlignBytes()];
        for (int sector = 0; sector < region.sectorCount(); sector++) {
          region.write((long) sector * region.sectorBytes(), unit);
          region.write((long) (sector + 1) * region.sectorBytes() - unit.length, unit);
          assertThat(Arrays.copyOf(Files.readAllBytes(file), 4096)).isEqualTo(header);
          region.erase(sector);
        }
      }
    }
    assertThat(Arrays.copyOf(Files.readAllBytes(file), 4096)).isEqualTo(header);
  }
}
