package dev.otasigner.verifier.policy;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import org.junit.jupiter.api.Test;

/** Key, hash and kind of signature must all be what the bootloader checks. */
class VariantChoiceTests {
  private static final Profile FACTORY = TestFleet.factoryProfile().read();
  private static final TestKey ED = TestKey.of(SignatureSuite.ED25519);

  private static DeviceState checking(ImageHash hash, boolean pure) {
    return TestFleet.device(TestFleet.bootloader("boot-ed", ED.bootAnchor(hash, pure)), FACTORY);
  }

  private static Made signed(ImageHash hash, boolean pure) {
    return TestBuild.of("34.0").image("ed", hash, pure, ED).make();
  }

  private static RejectedException refused(DeviceState device, Made build) {
    return assertRefused(
        Reason.NO_VARIANT, () -> UpgradePolicy.judge(device, FACTORY, build.candidate()));
  }

  @Test
  void aBuildOverAnotherHashIsRefused() throws Exception {
    UpgradePolicy.judge(
        checking(ImageHash.SHA512, false), FACTORY, signed(ImageHash.SHA512, false).candidate());
    RejectedException refusal =
        refused(checking(ImageHash.SHA512, false), signed(ImageHash.SHA256, false));
    assertThat(refusal.expected()).contains("over sha512");
  }

  @Test
  void aBuildOfAnotherKindOfSignatureIsRefused() {
    RejectedException refusal =
        refused(checking(ImageHash.SHA512, true), signed(ImageHash.SHA512, false));
    assertThat(refusal.expected()).contains("over the image");
    refused(checking(ImageHash.SHA512, false), signed(ImageHash.SHA512, true));
  }

  // The present bootloader would have to boot it once, on trial, and it checks images.
  @Test
  void anOpaqueImageIsNotForABootloaderThatOnlyStopsCheckingWithIt() {
    Bootloader nothing = TestFleet.bootloader("boot-2");
    refused(
        TestFleet.device(),
        TestBuild.of("34.0").opaque().brings(nothing, TestFleet.OLD_IMAGE_KEY).make());
  }

  @Test
  void anOpaqueImageIsNotForABootloaderThatBeginsToCheckWithIt() {
    DeviceState plain = TestFleet.device(TestFleet.bootloader("grub"), FACTORY);
    Bootloader checking = TestFleet.bootloader("boot-2", TestFleet.OLD_IMAGE_KEY.bootAnchor());
    refused(plain, TestBuild.of("34.0").opaque().brings(checking, TestFleet.OLD_IMAGE_KEY).make());
  }
}
