package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.fuzz.Script;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/** Everything that reads an image, on images that are sound but for what the fuzzer says. */
public final class ImageFuzz {
  private static final TestKey ED25519 = TestKey.of(SignatureSuite.ED25519, "fuzz");
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "fuzz");
  private static final List<VerificationKey> KEYS = List.of(ED25519.key(), P256.key());
  private static final List<ImageHash> HASHES = List.of(ImageHash.values());
  private static final int[] FLAGS = {
    0,
    McubootHeader.PIC,
    McubootHeader.NON_BOOTABLE,
    McubootHeader.ENC_AES128,
    McubootHeader.LZMA2,
    McubootHeader.RAM_LOAD,
    0x8000_0000
  };
  private static final int[] TYPES = {
    TlvType.KEYHASH,
    TlvType.PUBKEY,
    TlvType.SHA256,
    TlvType.SHA384,
    TlvType.SHA512,
    TlvType.ED25519,
    TlvType.ECDSA_SIG,
    TlvType.RSA2048_PSS,
    TlvType.SIG_PURE,
    TlvType.DEPENDENCY,
    TlvType.SEC_CNT,
    TlvType.ENC_EC256,
    0,
    0xa0,
    0xffff
  };

  private ImageFuzz() {}

  /** Sound images of the kinds that the keys here sign. */
  public static List<byte[]> seeds() {
    return List.of(
        ImageForge.sound(ED25519).bytes(),
        ImageForge.sound(P256).bytes(),
        ImageForge.bare()
            .covered(TlvType.DEPENDENCY, new byte[12])
            .counter(7)
            .hash(ImageHash.SHA512)
            .keyHash(ED25519, ImageHash.SHA512)
            .entry(TlvType.SIG_PURE, (byte) 1)
            .pureSignature(ED25519)
            .behind(SlotTrailer.toBytes(512, 8, (byte) 0xff, true))
            .bytes());
  }

  /** An image of the entries that the script names, some of its bytes then changed. */
  public static byte[] image(Script script) {
    ImageForge forge = ImageForge.bare().payload(script.take(40));
    forge.flags(FLAGS[script.below(FLAGS.length)] & 0xffff_ffffL);
    int entries = script.below(10);
    for (int i = 0; i < entries; i++) {
      add(forge, script);
    }
    switch (script.below(4)) {
      case 1 -> forge.behind(SlotTrailer.toBytes(64, 8, (byte) 0xff, script.below(2) == 1));
      case 2 -> forge.behind(SlotTrailer.toBytes(128, 16, (byte) 0, false));
      case 3 -> forge.behind(script.take(80));
      default -> {}
    }
    byte[] bytes = forge.bytes();
    int changes = script.below(4);
    for (int i = 0; i < changes && !script.isUsedUp(); i++) {
      // Most often where lengths stand: in the header, or from the TLVs on.
      int at = script.below(2) == 0 ? script.below(32) : 0x200 + script.below(bytes.length - 0x200);
      bytes[at] = (byte) script.next();
    }
    return bytes;
  }

  private static void add(ImageForge forge, Script script) {
    TestKey key = script.below(2) == 0 ? ED25519 : P256;
    ImageHash hash = HASHES.get(script.below(HASHES.size()));
    switch (script.below(9)) {
      case 0 -> forge.hash(hash);
      case 1 -> forge.keyHash(key, hash);
      case 2 -> forge.wholeKey(key);
      case 3 -> forge.signature(key, key == P256 ? ImageHash.SHA256 : hash);
      case 4 -> forge.badSignature(key);
      case 5 -> forge.pureSignature(ED25519);
      case 6 -> forge.entry(TYPES[script.below(TYPES.length)], script.take(70));
      case 7 -> forge.covered(TYPES[script.below(TYPES.length)], script.take(70));
      default -> forge.counter(script.below(10));
    }
  }

  /** Reads, shows, judges and strips; a refusal of one does not keep the others from trying. */
  public static void readAndJudge(byte[] bytes, int options) throws IOException {
    ByteSource source = ByteSource.of(bytes);
    try {
      requireConsistent(McubootImage.read(source));
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
    for (TrustCheck.Demand demand : TrustCheck.Demand.values()) {
      try {
        TrustCheck.judge(source, KEYS, demand, OptionalLong.of(5));
      } catch (RejectedException e) {
        // A refusal is an answer.
      }
    }
    try {
      BootCheck.judge(source, bootloader(options, bytes.length), options & 1);
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
    for (VerificationKey key : KEYS) {
      try {
        ByteSource stripped = McubootStrip.withoutSigner(source, key);
        McubootImage.read(stripped);
      } catch (RejectedException e) {
        // A refusal is an answer.
      }
    }
  }

  private static void requireConsistent(McubootImage image) throws RejectedException {
    assertThat(image.header().toBytes()).isEqualTo(image.headerBytes().toByteArray());
    byte[] shown = image.toJson().textBytes();
    assertThat(JsonReader.read(shown, shown.length)).isEqualTo(image.toJson());
    image.securityCounter();
  }

  private static Bootloader bootloader(int options, long imageBytes) {
    boolean pure = (options & 2) != 0;
    return new Bootloader(
        "boot",
        List.of(
            pure
                ? ED25519.bootAnchor(ImageHash.SHA512, true)
                : ED25519.bootAnchor(ImageHash.SHA256, false),
            P256.bootAnchor()),
        List.of(),
        (options & 4) != 0,
        (options & 8) != 0,
        true,
        (options & 16) != 0 ? KeyTlv.PUBKEY : KeyTlv.KEYHASH,
        (options & 32) != 0 ? Math.max(1, imageBytes) : 0x20000);
  }
}
