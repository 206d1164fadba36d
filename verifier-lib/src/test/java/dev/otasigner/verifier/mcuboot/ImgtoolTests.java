package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.testing.Vectors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * What we assemble from imgtool's payload, with the signatures imgtool made, is imgtool's image
 * byte for byte. The signatures verify on the way, so that the signed bytes are the same too.
 */
class ImgtoolTests {

  /** A signer that has one signature to give: the one in the vector. */
  private record Recorded(VerificationKey key, Bytes signature) implements ImageSigner {
    @Override
    public byte[] sign(SigningInput input) {
      return signature.toByteArray();
    }
  }

  @TestFactory
  List<DynamicTest> whatWeAssembleIsImgtoolsImageByteForByte(TestReporter reporter)
      throws Exception {
    List<DynamicTest> tests = new ArrayList<>();
    for (Path file : Vectors.files("mcuboot", ".signed.bin")) {
      String name = file.getFileName().toString();
      tests.add(
          DynamicTest.dynamicTest(
              name, () -> assertThat(assembled(file, name)).isEqualTo(Files.readAllBytes(file))));
    }
    assertThat(tests).hasSize(12);
    reporter.publishEntry("assembled vectors", tests.size() + "");
    return tests;
  }

  private static byte[] assembled(Path file, String name) throws IOException, RejectedException {
    Path folder = Vectors.folder("mcuboot");
    String keyName = name.replace("ext-", "").replaceAll("(rsa-\\d+|ecdsa-p\\d+|ed25519).*", "$1");
    VerificationKey key = VectorTests.key(folder, keyName);
    McubootImage image = McubootImage.read(ByteSource.of(file));
    Bytes signature = image.ofType(ImageForge.typeOf(key).signatureTlv()).get(0).value();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    McubootAssembler.assemble(
        ByteSource.of(folder.resolve("payload.bin")),
        options(name, image),
        List.of(new Recorded(key, signature)),
        out);
    return out.toByteArray();
  }

  /** The options with which the vector was made, read off its name and README. */
  private static AssembleOptions options(String name, McubootImage image) throws RejectedException {
    AssembleOptions.Builder options =
        AssembleOptions.of(new ImageVersion(1, 2, 3, 45)).headerBytes(0x200).padHeader();
    boolean plain = name.matches("(rsa-\\d+|ecdsa-p\\d+|ed25519).signed.bin");
    if (plain) {
      options
          .dependency(1, new ImageVersion(2, 0, 1, 5))
          .dependency(0, new ImageVersion(1, 0, 0, 0));
    }
    if (plain || name.startsWith("ext-") || name.contains("pure")) {
      options.securityCounter(7);
    }
    if (name.contains("sha512")) {
      options.hash(ImageHash.SHA512);
    }
    if (name.contains("pure")) {
      options.pure();
    }
    if (name.contains("fullkey")) {
      options.keyTlv(KeyTlv.PUBKEY);
    }
    if (name.contains("padded-confirm")) {
      options.securityCounter(0x01020003).slotBytes(393216).align(4).confirm();
      // Given in another order than they are written in.
      for (int type : new int[] {0xa0, TlvType.UUID_CID, TlvType.UUID_VID, TlvType.BOOT_RECORD}) {
        options.protectedTlv(type, image.ofType(type).get(0).value().toByteArray());
      }
    }
    return options.build();
  }

  /** The images that MCUboot's C builds accepted, each with all its signers or a large TLV. */
  @TestFactory
  List<DynamicTest> imagesOfSeveralSignersAreAssembledAsTheCBuildsAcceptThem() throws Exception {
    Path folder = Vectors.folder("mcuboot/signers");
    Map<String, List<String>> signers =
        Map.of(
            "rsa2048_rsa3072", List.of("rsa-2048", "rsa-3072"),
            "rsa2048_p256", List.of("rsa-2048", "ecdsa-p256"),
            "p256_ed25519", List.of("ecdsa-p256", "ed25519"),
            "four_signers", List.of("rsa-2048", "rsa-3072", "ecdsa-p256", "ed25519"),
            "vendor_tlv_protected_4627", List.of("ecdsa-p256"));
    List<DynamicTest> tests = new ArrayList<>();
    signers.forEach(
        (name, keys) ->
            tests.add(
                DynamicTest.dynamicTest(
                    name, () -> assertReassembles(folder.resolve(name + ".bin"), folder, keys))));
    return tests;
  }

  private static void assertReassembles(Path file, Path folder, List<String> keyNames)
      throws IOException, RejectedException {
    ByteSource source = ByteSource.of(file);
    McubootImage image = McubootImage.read(source);
    List<ImageSigner> signers = new ArrayList<>();
    for (String name : keyNames) {
      VerificationKey key = VectorTests.key(folder, name);
      int type = ImageForge.typeOf(key).signatureTlv();
      signers.add(new Recorded(key, image.ofType(type).get(0).value()));
    }
    AssembleOptions.Builder options =
        AssembleOptions.of(new ImageVersion(1, 2, 3, 45)).padHeader().securityCounter(7);
    for (Tlv vendor : image.ofType(0x4da1)) {
      options.protectedTlv(vendor.type(), vendor.value().toByteArray());
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    McubootAssembler.assemble(image.payload(source), options.build(), signers, out);
    assertThat(out.toByteArray()).isEqualTo(Files.readAllBytes(file));
  }

  @Test
  void theKeyHashOfRsaP256AndEd25519IsWhatImgtoolPrints() throws Exception {
    Path folder = Vectors.folder("mcuboot");
    for (String name : List.of("rsa-2048", "rsa-3072", "ecdsa-p256", "ed25519")) {
      VerificationKey key = VectorTests.key(folder, name);
      byte[] printed = Files.readAllBytes(folder.resolve(name + ".keyhash.bin"));
      assertThat(ImageForge.typeOf(key).keyHash(key, ImageHash.SHA256).toByteArray())
          .isEqualTo(printed);
      assertThat(ImageForge.typeOf(key).encoded(key).toByteArray())
          .isEqualTo(Files.readAllBytes(folder.resolve(name + ".pub.der")));
    }
  }
}
