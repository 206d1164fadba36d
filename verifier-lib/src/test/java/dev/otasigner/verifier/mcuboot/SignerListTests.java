package dev.otasigner.verifier.mcuboot;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.TestKey;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The signers of an image as a list: none, twice, in another order, and as many as its length field
 * can say, for every key type. Bootloaders have no other limit: the last known key's signature
 * decides.
 */
class SignerListTests {
  private static final int AREA_BYTES = 0xffff;

  private static TestKey key(ImageKeyType type, String name) {
    return TestKey.of(type.suite(), name);
  }

  private static ImageHash hash(ImageKeyType type) {
    return type.hashes().get(0);
  }

  private static ImageForge unsigned(ImageKeyType type) {
    return ImageForge.bare().counter(7).hash(hash(type));
  }

  private static Bootloader knowing(TestKey key) {
    return new Bootloader(
        "b", List.of(key.bootAnchor()), List.of(), true, true, true, KeyTlv.KEYHASH, 1 << 20);
  }

  private static BootedImage judge(ImageForge image, TestKey key) throws Exception {
    return BootCheck.judge(image.source(), knowing(key), 7);
  }

  @ParameterizedTest
  @EnumSource(ImageKeyType.class)
  void anImageWithoutASignerIsRefused(ImageKeyType type) {
    TestKey key = key(type, "list");
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, () -> judge(unsigned(type), key));
    ImageForge named = unsigned(type).keyHash(key, hash(type));
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, () -> judge(named, key));
  }

  @ParameterizedTest
  @EnumSource(ImageKeyType.class)
  void aSignerThatStandsTwiceIsOneSignerAndItsLastSignatureDecides(ImageKeyType type)
      throws Exception {
    TestKey key = key(type, "list");
    ImageHash hash = hash(type);
    ImageForge twice = unsigned(type).signer(key, hash).signer(key, hash);
    assertThat(judge(twice, key).signedBy()).isEqualTo(key.key());
    ImageForge badLast = unsigned(type).signer(key, hash).keyHash(key, hash).badSignature(key);
    assertRefused(Reason.IMAGE_SIGNATURE, () -> judge(badLast, key));
  }

  @ParameterizedTest
  @EnumSource(ImageKeyType.class)
  void theOrderOfSignersDoesNotMatterAndThatOfNameAndSignatureDoes(ImageKeyType type)
      throws Exception {
    TestKey key = key(type, "list");
    TestKey second = key(type, "list, second");
    ImageHash hash = hash(type);
    for (ImageForge both :
        List.of(
            unsigned(type).signer(key, hash).signer(second, hash),
            unsigned(type).signer(second, hash).signer(key, hash))) {
      assertThat(judge(both, key).signedBy()).isEqualTo(key.key());
      assertThat(judge(both, second).signedBy()).isEqualTo(second.key());
    }
    ImageForge signatureFirst = unsigned(type).signature(key, hash).keyHash(key, hash);
    assertRefused(Reason.IMAGE_KEY_UNKNOWN, () -> judge(signatureFirst, key));
    ImageForge crossed =
        unsigned(type)
            .keyHash(key, hash)
            .signature(second, hash)
            .keyHash(second, hash)
            .signature(key, hash);
    assertRefused(Reason.IMAGE_SIGNATURE, () -> judge(crossed, key));
  }

  @ParameterizedTest
  @EnumSource(ImageKeyType.class)
  void asManySignersAsTheAreaHoldsAreJudgedAndOneMoreIsNoImage(ImageKeyType type) throws Exception {
    TestKey key = key(type, "list");
    ImageHash hash = hash(type);
    byte[] strangersName = ImageForge.keyHashOf(key(type, "list, second"), hash);
    byte[] signature = new byte[type == ImageKeyType.ECDSA_P256 ? 72 : 64];
    ImageForge most = unsigned(type).signer(key, hash);
    int used = most.bytes().length;
    int signerBytes = 8 + strangersName.length + signature.length;
    // The signers stand behind header, payload, counter, and the area's own header.
    int room = AREA_BYTES - (used - 0x200 - 1000 - 12) - 8;
    for (int i = 0; i < room / signerBytes; i++) {
      most.entry(TlvType.KEYHASH, strangersName).entry(type.signatureTlv(), signature);
    }
    assertThat(judge(most, key).signedBy()).isEqualTo(key.key());
    ImageForge over =
        most.entry(TlvType.KEYHASH, strangersName).entry(type.signatureTlv(), signature);
    assertRefused(Reason.MALFORMED, () -> judge(over, key));
  }
}
