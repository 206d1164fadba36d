package dev.otasigner.device.flash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.PowerSupply.Power;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FlashStoreTests {
  private static final FlashLayout LAYOUT = FlashLayout.of(8, (byte) 0xff, 32 * 1024, 4096);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static FlashStore counterStore(Flash flash) throws IOException {
    return FlashStore.open(flash.region(Region.COUNTER));
  }

  @Test
  void valuesAreThereAfterReopening() throws IOException {
    Flash flash = Flash.inMemory(LAYOUT);
    FlashStore store = counterStore(flash);
    store.put("a", bytes("one"));
    store.change().put("b", bytes("two")).delete("a").commit();
    assertThat(counterStore(flash).get("a")).isEmpty();
    assertThat(counterStore(flash).get("b")).hasValue(bytes("two"));
    assertThat(counterStore(flash).names("")).containsExactly("b");
  }

  @Test
  void changesBeyondOneBankAreCompacted() throws IOException {
    Flash flash = Flash.inMemory(LAYOUT);
    for (int i = 0; i < 500; i++) {
      counterStore(flash).put("k" + i % 7, bytes("value " + i));
    }
    assertThat(counterStore(flash).get("k2")).hasValue(bytes("value 499"));
    assertThat(counterStore(flash).names("k")).hasSize(7);
  }

  @Test
  void whatDoesNotFitChangesNothing() throws IOException {
    Flash flash = Flash.inMemory(LAYOUT);
    FlashStore store = counterStore(flash);
    store.put("a", bytes("kept"));
    assertThatThrownBy(() -> store.put("b", new byte[5000])).isInstanceOf(FlashFullException.class);
    assertThat(counterStore(flash).get("a")).hasValue(bytes("kept"));
    assertThat(counterStore(flash).get("b")).isEmpty();
  }

  /** What is in the cells then, only the next start finds out. */
  @Test
  void storeWhoseWriteFailedTakesNoMore() throws IOException {
    Flash flash = Flash.inMemory(LAYOUT);
    counterStore(flash).put("a", bytes("kept"));
    FlashStore store = counterStore(flash.on(CountedPower.cutAt(2, PowerSupply.Power.CUT_TORN)));
    assertThatThrownBy(() -> store.put("b", bytes("torn"))).isInstanceOf(PowerCutException.class);
    assertThatThrownBy(() -> store.put("c", bytes("more")))
        .isInstanceOf(FlashFileException.class)
        .hasMessageContaining("an earlier write to this store has failed");
    assertThat(counterStore(flash).names("")).containsExactly("a");
  }

  @Test
  void entryInsideATornValueIsNeverRead() throws IOException {
    Flash flash = Flash.inMemory(LAYOUT);
    // An entry of a high sequence, as an attacker would put it into a document that gets stored.
    Flash other = Flash.inMemory(LAYOUT);
    for (int i = 0; i < 60; i++) {
      counterStore(other).put("forged", bytes("yes"));
    }
    byte[] entries = other.region(Region.COUNTER).read(0, 1024);
    byte[] value = new byte[1500];
    System.arraycopy(entries, 0, value, 3, entries.length);
    counterStore(flash).put("honest", bytes("yes"));
    FlashStore store = counterStore(flash.on(CountedPower.cutAt(2, Power.CUT_TORN)));
    assertThatThrownBy(() -> store.put("value", value)).isInstanceOf(PowerCutException.class);
    assertThat(counterStore(flash).names("")).containsExactly("honest");
  }

  @ParameterizedTest
  @CsvSource({"1,255", "8,255", "32,255", "8,0", "16,170"})
  void anyCutLeavesTheOldOrTheNewValues(int align, int erased) throws IOException {
    FlashLayout layout = FlashLayout.of(align, (byte) erased, 32 * 1024, 4096);
    for (Power how : EnumSet.complementOf(EnumSet.of(Power.STEADY))) {
      // Enough changes for two compactions; every operation of all of them is cut once.
      Flash flash = Flash.inMemory(layout);
      Map<String, String> expected = new TreeMap<>();
      Random random = new Random(7);
      for (int round = 0; round < 90; round++) {
        TreeMap<String, String> after = new TreeMap<>(expected);
        after.put("key" + random.nextInt(5), "v".repeat(random.nextInt(150)) + round);
        after.remove("key" + random.nextInt(5));
        CountedPower counter = CountedPower.counting();
        change(counterStore(flash.copy(counter)), expected, after);
        Flash survivor = flash;
        for (long cut = 1; cut <= counter.operations(); cut++) {
          Flash hurt = flash.copy(PowerSupply.MAINS);
          FlashStore store = counterStore(hurt.on(CountedPower.cutAt(cut, how)));
          Map<String, String> before = expected;
          assertThatThrownBy(() -> change(store, before, after))
              .isInstanceOf(PowerCutException.class);
          assertThat(content(counterStore(hurt))).isIn(expected, after);
          change(counterStore(hurt), content(counterStore(hurt)), after);
          assertThat(content(counterStore(hurt))).isEqualTo(after);
          if (cut == 1 + round % counter.operations()) {
            // The next round goes on with a chip that has lived through a cut.
            survivor = hurt;
          }
        }
        expected = after;
        flash = survivor;
      }
    }
  }

  private static void change(FlashStore store, Map<String, String> from, Map<String, String> to)
      throws IOException {
    FlashStore.Changes changes = store.change();
    from.keySet().stream().filter(k -> !to.containsKey(k)).forEach(changes::delete);
    to.forEach((k, v) -> changes.put(k, bytes(v)));
    changes.commit();
  }

  private static Map<String, String> content(FlashStore store) {
    Map<String, String> content = new TreeMap<>();
    for (String name : store.names("")) {
      content.put(name, new String(store.get(name).orElseThrow(), StandardCharsets.UTF_8));
    }
    return content;
  }
}
