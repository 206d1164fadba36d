package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.agent.UpdateOutcome.Refused;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestProfile;
import java.io.IOException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Metadata of one lineage is never taken for another's, whatever their names are. */
class LineageStoreTests extends UpdateBench {
  private static final Profile.Lineage OLD =
      new Profile.Lineage("second", TestFleet.digest("old root"), Optional.empty());
  private static final Profile.Lineage NEW =
      new Profile.Lineage("second", TestFleet.digest("new root"), Optional.empty());

  private final FlashStore flash = open(Flash.inMemory(TestDevice.LAYOUT));

  private static FlashStore open(Flash flash) {
    try {
      return FlashStore.open(flash.region(Region.AGENT));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private FlashMetadataStore store(Profile.Lineage lineage) {
    return new FlashMetadataStore(flash, lineage, false);
  }

  @Test
  void lineageOfTheSameNameFromAnotherRootIsNotRead() throws IOException {
    store(OLD).store("root", new byte[] {1});
    store(OLD).store("timestamp", new byte[] {2});
    assertThat(store(NEW).load("root")).isEmpty();
    assertThat(store(NEW).load("timestamp")).isEmpty();
    assertThat(store(OLD).load("root")).contains(new byte[] {1});
  }

  @Test
  void firstFileOfOneTakesTheOtherAway() throws IOException {
    store(OLD).store("root", new byte[] {1});
    store(OLD).store("timestamp", new byte[] {2});
    store(NEW).store("root", new byte[] {3});
    assertThat(store(NEW).load("root")).contains(new byte[] {3});
    assertThat(store(NEW).load("timestamp")).isEmpty();
    assertThat(store(OLD).load("root")).isEmpty();
  }

  @Test
  void deletingInOneLeavesTheOtherAlone() throws IOException {
    store(OLD).store("root", new byte[] {1});
    store(NEW).delete("root");
    assertThat(store(OLD).load("root")).contains(new byte[] {1});
  }

  /** As a flash file has it that was made before lineages were told apart by their roots. */
  @Test
  void metadataThatDoesNotSayItsRootIsTheRunningLineages() throws IOException {
    flash.put("tuf1/second/root", new byte[] {1});
    assertThat(new FlashMetadataStore(flash, OLD, true).load("root")).contains(new byte[] {1});
    assertThat(new FlashMetadataStore(flash, NEW, false).load("root")).isEmpty();
  }

  /**
   * A lineage was left after a revert and its name used again for another: the device follows the
   * root of the profile that it takes, and not the one it has met before.
   */
  @Test
  void reusedNameStartsFromTheRootOfTheNewProfile() throws IOException {
    service.release("first", build("34.0").profile(to("second")).make());
    service.release("second", build("33.0").make());
    TestDevice device = device();
    int[] dialled = {0};
    UpdateOutcome reverted =
        device.update(
            (profile, identity, now, runs) -> {
              // On its trial the build comes as far as the new lineage's root, and no further.
              service.failAfter(++dialled[0] == 2 ? 2 : Integer.MAX_VALUE);
              return wire.under(profile, identity, now, runs);
            });
    assertThat(reverted).isInstanceOf(Refused.class);
    service.failAfter(Integer.MAX_VALUE);
    Digest left = service.root("second");

    service.reuseName("second");
    assertThat(service.root("second")).isNotEqualTo(left);
    service.release("first", build("34.2").profile(to("second")).make());
    service.release("second", build("34.2").profile(to("second")).make());
    assertThat(device.update(wire)).isEqualTo(new Installed(TestFleet.version("34.2")));
    byte[] root =
        OsFlash.of(device.flash())
            .store()
            .metadata(to("second").read().lineage())
            .load("root")
            .orElseThrow();
    assertThat(Digest.of(root)).isEqualTo(service.root("second"));
  }

  private TestProfile to(String lineage) {
    return TestFleet.factoryProfile()
        .knowsToo("ed25519")
        .lineage(lineage)
        .root(service.root(lineage))
        .serverAnchors(RSA.spkiDigest());
  }
}
