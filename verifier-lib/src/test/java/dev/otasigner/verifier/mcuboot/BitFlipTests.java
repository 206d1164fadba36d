package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every bit of a small image of every kind: header and its padding, payload, TLVs, signature. */
class BitFlipTests {
  private static final int SLOT_BYTES = 64 * 1024;

  /** One kind of image. */
  private record Kind(TestKey key, ImageHash hash, boolean pure) {
    byte[] image() {
      ImageForge forge = ImageForge.bare().payload(new byte[64]).counter(7).hash(hash);
      return pure
          ? forge.entry(TlvType.SIG_PURE, (byte) 1).keyHash(key, hash).pureSignature(key).bytes()
          : forge.signer(key, hash).bytes();
    }

    Bootloader bootloader() {
      List<BootAnchor> anchors = List.of(key.bootAnchor(hash, pure));
      return new Bootloader("b", anchors, List.of(), true, true, true, KeyTlv.KEYHASH, SLOT_BYTES);
    }

    @Override
    public String toString() {
      return key.suite().code() + " over " + (pure ? "the image" : hash.code());
    }
  }

  static Stream<Kind> kinds() {
    TestKey ed25519 = TestKey.of(SignatureSuite.ED25519);
    List<Kind> kinds = new ArrayList<>();
    for (ImageKeyType type : ImageKeyType.values()) {
      kinds.add(new Kind(TestKey.of(type.suite()), type.hashes().get(0), false));
    }
    kinds.add(new Kind(ed25519, ImageHash.SHA512, false));
    kinds.add(new Kind(ed25519, ImageHash.SHA512, true));
    return kinds.stream();
  }

  private static boolean boots(Kind kind, byte[] image) throws IOException {
    try {
      BootCheck.judge(ByteSource.of(image), kind.bootloader(), 7);
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  private static boolean isTrusted(Kind kind, byte[] image) throws IOException {
    try {
      TrustCheck.judge(
          ByteSource.of(image), List.of(kind.key.key()), TrustCheck.Demand.ANY, OptionalLong.of(7));
      return true;
    } catch (RejectedException e) {
      return false;
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void noImageWithAnyBitFlippedBoots(Kind kind) throws Exception {
    byte[] image = kind.image();
    assertThat(boots(kind, image)).isTrue();
    List<Integer> accepted = new ArrayList<>();
    for (int bit = 0; bit < image.length * 8; bit++) {
      image[bit / 8] ^= (byte) (1 << bit % 8);
      if (boots(kind, image)) {
        accepted.add(bit);
      }
      image[bit / 8] ^= (byte) (1 << bit % 8);
    }
    assertThat(accepted).as("bits whose flip is not noticed").isEmpty();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void noImageWithABitOfAnyByteFlippedIsTrusted(Kind kind) throws Exception {
    byte[] image = kind.image();
    assertThat(isTrusted(kind, image)).isTrue();
    List<Integer> accepted = new ArrayList<>();
    for (int at = 0; at < image.length; at++) {
      byte flip = (byte) (1 << at % 8);
      image[at] ^= flip;
      if (isTrusted(kind, image)) {
        accepted.add(at);
      }
      image[at] ^= flip;
    }
    assertThat(accepted).as("bytes whose change is not noticed").isEmpty();
  }
}
