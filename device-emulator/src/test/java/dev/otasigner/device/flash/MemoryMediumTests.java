package dev.otasigner.device.flash;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryMediumTests {
  private static final int BLOCK = MemoryMedium.BLOCK_BYTES;
  private static final int BLOCKS = 16;

  @Test
  void readsBackWhatWasWrittenWhereverItBegins() {
    Random random = new Random(1);
    byte[] plain = new byte[BLOCKS * BLOCK];
    Arrays.fill(plain, (byte) 0xff);
    MemoryMedium medium = new MemoryMedium(plain.length, (byte) 0xff);
    for (int i = 0; i < 500; i++) {
      byte[] bytes = new byte[1 + random.nextInt(3 * BLOCK)];
      random.nextBytes(bytes);
      int offset = random.nextInt(plain.length - bytes.length);
      medium.write(offset, bytes, 0, bytes.length);
      System.arraycopy(bytes, 0, plain, offset, bytes.length);
      MemoryMedium copy = new MemoryMedium(medium);
      assertThat(content(copy)).isEqualTo(plain);
      assertThat(content(medium)).isEqualTo(plain);
    }
  }

  @Test
  void aCopyAndItsOriginalDoNotSeeEachOthersWrites() {
    MemoryMedium original = new MemoryMedium(BLOCKS * BLOCK, (byte) 0);
    original.write(10, new byte[] {1, 2, 3}, 0, 3);
    MemoryMedium copy = new MemoryMedium(original);
    copy.write(11, new byte[] {9}, 0, 1);
    original.write(12, new byte[] {8}, 0, 1);
    assertThat(Arrays.copyOfRange(content(original), 10, 13)).containsExactly(1, 2, 8);
    assertThat(Arrays.copyOfRange(content(copy), 10, 13)).containsExactly(1, 9, 3);
  }

  @Test
  void whatIsErasedTakesNoRoom() {
    MemoryMedium medium = new MemoryMedium(BLOCKS * BLOCK, (byte) 0xff);
    medium.write(BLOCK + 8, new byte[] {1}, 0, 1);
    assertThat(medium.ownBytes()).isEqualTo(BLOCK);
    byte[] erased = new byte[BLOCK];
    Arrays.fill(erased, (byte) 0xff);
    medium.write(BLOCK, erased, 0, BLOCK);
    assertThat(medium.ownBytes()).isZero();
  }

  @Test
  void anImageThatSeveralChipsTakeIsKeptOnce() {
    MemoryMedium factory = new MemoryMedium(BLOCKS * BLOCK, (byte) 0xff);
    MemoryMedium first = new MemoryMedium(factory);
    MemoryMedium second = new MemoryMedium(factory);
    byte[] image = new byte[4 * BLOCK];
    new Random(2).nextBytes(image);
    first.write(0, image, 0, image.length);
    second.write(0, image.clone(), 0, image.length);
    assertThat(first.sharesWith(second, 0)).isTrue();
    assertThat(first.sharesWith(second, 3 * BLOCK)).isTrue();
    assertThat(first.ownBytes() + second.ownBytes()).isZero();
    second.write(5, new byte[] {1}, 0, 1);
    assertThat(first.sharesWith(second, 0)).isFalse();
    assertThat(content(first)).startsWith(image);
  }

  private static byte[] content(MemoryMedium medium) {
    byte[] all = new byte[BLOCKS * BLOCK];
    medium.read(0, all, 0, all.length);
    return all;
  }
}
