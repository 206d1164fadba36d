package dev.otasigner.cli.approvals;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.policy.BootloaderComponent;
import dev.otasigner.verifier.testing.TestKey;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * That the images and the bootloader which are approved are made of what was looked at: {@code
 * signer approvals approve} against a service that may lie.
 */
@SuppressWarnings("NullAway.Init")
class ApprovedImagesTests {
  @TempDir private Path directory;
  private ApproverDesk desk;
  private FakeRequests service;

  @BeforeEach
  void serviceAndKey() throws Exception {
    desk = new ApproverDesk(directory);
    service = desk.service;
  }

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void anImageWithAnotherCounterIsRefused() throws Exception {
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(
            service.payload,
            FakeRequests.options().securityCounter(3).padHeader().build(),
            FakeRequests.IMAGE));
    desk.refused("no image of this payload, version and counter");
  }

  /** The image that devices of another hash would get is signed by nobody who was asked. */
  @Test
  void anImageThatTheManifestNamesAndNobodySignsIsRefused() {
    service.draft.put(
        "variants",
        new Json.Arr(
            List.of(
                FakeRequests.image(ImageHash.SHA256, false),
                FakeRequests.image(ImageHash.SHA512, false))));
    desk.refused("no image of this payload");
  }

  @Test
  void anImageKeyHasNothingToSignInAnOpaqueBuild() {
    service.draft.put("format", new Json.Str("opaque"));
    desk.refused("and this payload is not signed");
  }

  @Test
  void anOpaqueBuildIsApproved() {
    service.draft.put("format", new Json.Str("opaque"));
    service.toBeSigned.clear();
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out).contains("the manifest alone vouches for the payload");
  }

  @Test
  void aRequestForImagesThatSignsNoneIsRefused() {
    service.toBeSigned.clear();
    desk.refused("no image of this payload");
  }

  @Test
  void aManifestWithoutImagesIsRefused() {
    service.toBeSigned.clear();
    service.draft.put("variants", new Json.Arr(List.of()));
    desk.refused("the manifest names no image");
  }

  @Test
  void imagesOfAnyHashAreRecognised() throws Exception {
    TestKey p384 = TestKey.of(SignatureSuite.ECDSA_P384_SHA384, "p384");
    TestKey ed25519 = TestKey.of(SignatureSuite.ED25519, "ed25519");
    service.draft.put(
        "variants",
        new Json.Arr(
            List.of(
                FakeRequests.image(ImageHash.SHA256, false),
                FakeRequests.image(ImageHash.SHA384, false),
                FakeRequests.image(ImageHash.SHA512, false),
                FakeRequests.image(ImageHash.SHA512, true))));
    service.toBeSigned.add(
        FakeRequests.signedBy(service.payload, FakeRequests.hashed(ImageHash.SHA384), p384));
    service.toBeSigned.add(
        FakeRequests.signedBy(service.payload, FakeRequests.hashed(ImageHash.SHA512), ed25519));
    service.toBeSigned.add(
        FakeRequests.signedBy(
            service.payload, FakeRequests.options().padHeader().pure().build(), ed25519));
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out).contains("sha512-pure, hash sha512, signed whole, by key");
  }

  @Test
  void aHeaderOfAnotherSizeIsTold() throws Exception {
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(
            service.payload,
            FakeRequests.options().headerBytes(0x400).padHeader().build(),
            FakeRequests.IMAGE));
    assertThat(desk.approve("yes")).isEqualTo(1);
    assertThat(desk.err).contains("its header has 512 bytes");
    service.told.put("headerSize", new Json.Num(0x400));
    assertThat(desk.approve("yes")).as(desk.err).isZero();
  }

  @Test
  void aPayloadWithRoomForTheHeaderIsRecognised() throws Exception {
    service.payload = new byte[600];
    service.payload[599] = 1;
    service.toBeSigned.set(
        0,
        FakeRequests.signedBy(service.payload, FakeRequests.options().build(), FakeRequests.IMAGE));
    assertThat(desk.approve("yes")).as(desk.err).isZero();
  }

  @Test
  void anotherComponentThanTheBootloadersIsRefused() {
    service.bringsBootloader(FakeRequests.IMAGE, FakeRequests.IMAGE);
    service.toBeSigned.add(Digest.of(new byte[] {7}));
    desk.refused("what image keys would sign is not bootloader loader-2");
  }

  @Test
  void aBootloaderComponentIsRecognised() throws Exception {
    Bootloader next = service.bringsBootloader(FakeRequests.IMAGE, FakeRequests.IMAGE);
    service.toBeSigned.add(
        FakeRequests.signedBy(
            BootloaderComponent.payload(next).readAll(1 << 20),
            FakeRequests.options().padHeader().build(),
            FakeRequests.IMAGE));
    assertThat(desk.approve("yes")).as(desk.err).isZero();
    assertThat(desk.out)
        .contains("loader-2, which then boots key " + FakeRequests.IMAGE.keyId().abbreviated());
  }
}
