package dev.otasigner.verifier.mcuboot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.testing.Vectors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestReporter;

/**
 * The verdicts of MCUboot's C code, build by build, against ours. A bootloader with some features
 * is held against every C build that has no other ones: the crypto libraries differ, and a device
 * may have any of them.
 */
class VectorTests {
  private static final long STORED = 5;
  private static final List<String> LIBRARIES =
      List.of("ec256-tinycrypt", "ec256-mbedtls", "ec256-psa");

  /** Where we are stricter than every C build, and why. */
  private static final Map<String, Reason> STRICTER =
      Map.of(
          "seccnt_8bytes", Reason.IMAGE_COUNTER,
          "keyhash_truncated_4", Reason.IMAGE_KEY_UNKNOWN,
          "flag_nonbootable", Reason.IMAGE_NOT_BOOTABLE);

  /** What is wrong with a vector, whatever the features of the bootloader. */
  private static final Map<String, Reason> BROKEN =
      Map.ofEntries(
          Map.entry("bad_magic", Reason.IMAGE_FORMAT),
          Map.entry("hash_wrong", Reason.IMAGE_HASH),
          Map.entry("img_size_plus4", Reason.MALFORMED),
          Map.entry("no_hash_tlv", Reason.IMAGE_HASH),
          Map.entry("no_signature", Reason.IMAGE_KEY_UNKNOWN),
          Map.entry("payload_flip", Reason.IMAGE_HASH),
          Map.entry("prot_size_hdr_mismatch", Reason.MALFORMED),
          Map.entry("prot_tot_mismatch", Reason.MALFORMED),
          Map.entry("sig_der_extra_zero_ints", Reason.IMAGE_SIGNATURE),
          Map.entry("sig_raw_r_s_64", Reason.IMAGE_SIGNATURE),
          Map.entry("sig_trailing_byte", Reason.IMAGE_SIGNATURE),
          Map.entry("truncated_file", Reason.MALFORMED),
          Map.entry("unprot_magic_wrong", Reason.MALFORMED),
          Map.entry("unprot_tot_zero", Reason.MALFORMED),
          Map.entry("wrong_key_B", Reason.IMAGE_KEY_UNKNOWN));

  private static final Set<String> NO_COUNTER = Set.of("ok_no_prot", "seccnt_missing");

  @TestFactory
  List<DynamicTest> everyStructureIsJudgedAsByTheStrictestCBuildOfTheSameFeatures(
      TestReporter reporter) throws Exception {
    Path folder = Vectors.folder("mcuboot/structure");
    VerificationKey key = key(folder, "keyA");
    Fields verdicts = verdicts(folder);
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : verdicts.names()) {
      Fields builds = verdicts.object(name);
      ByteSource image = ByteSource.of(folder.resolve(name + ".bin"));
      for (boolean allowList : new boolean[] {false, true}) {
        for (boolean rollback : new boolean[] {false, true}) {
          List<String> peers = new ArrayList<>(LIBRARIES);
          if (allowList) {
            peers.add("ec256-mbedtls-allow");
          }
          if (rollback) {
            peers.add("ec256-mbedtls-rb");
          }
          Bootloader bootloader = bootloader(key, allowList, rollback);
          tests.add(
              DynamicTest.dynamicTest(
                  name + (allowList ? ", allow list" : "") + (rollback ? ", rollback" : ""),
                  () -> {
                    boolean valid = areAllValid(builds, peers) && !STRICTER.containsKey(name);
                    assertThat(reasonOf(() -> BootCheck.judge(image, bootloader, STORED)))
                        .isEqualTo(valid ? null : reason(name, rollback));
                  }));
        }
      }
    }
    assertThat(verdicts.names()).hasSize(26);
    reporter.publishEntry("structure vectors", verdicts.names().size() + "");
    return tests;
  }

  private static Reason reason(String name, boolean rollback) {
    Reason stricter = STRICTER.get(name);
    if (stricter != null) {
      return stricter;
    }
    if (rollback && NO_COUNTER.contains(name)) {
      return Reason.IMAGE_COUNTER;
    }
    Reason broken = BROKEN.get(name);
    return broken == null ? Reason.IMAGE_TLV_NOT_ALLOWED : broken;
  }

  @TestFactory
  List<DynamicTest> everyStructureIsJudgedByItsKeyAsTheContractSays() throws Exception {
    Path folder = Vectors.folder("mcuboot/structure");
    VerificationKey key = key(folder, "keyA");
    Fields verdicts = verdicts(folder);
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : verdicts.names()) {
      Fields builds = verdicts.object(name);
      ByteSource image = ByteSource.of(folder.resolve(name + ".bin"));
      for (OptionalLong stored : List.of(OptionalLong.empty(), OptionalLong.of(STORED))) {
        List<String> peers = new ArrayList<>(LIBRARIES);
        peers.add("ec256-mbedtls-allow");
        if (stored.isPresent()) {
          peers.add("ec256-mbedtls-rb");
        }
        tests.add(
            DynamicTest.dynamicTest(
                name + (stored.isPresent() ? ", --stored-counter 5" : ""),
                () -> {
                  boolean valid = areAllValid(builds, peers) && !STRICTER.containsKey(name);
                  assertThat(
                          reasonOf(
                              () ->
                                  TrustCheck.judge(
                                      image, List.of(key), TrustCheck.Demand.ANY, stored)))
                      .isEqualTo(valid ? null : reason(name, stored.isPresent()));
                }));
      }
    }
    return tests;
  }

  @TestFactory
  List<DynamicTest> everySetOfSignersIsJudgedAsByEachCBuildThatKnowsOneOfThem(TestReporter reporter)
      throws Exception {
    Path folder = Vectors.folder("mcuboot/signers");
    Fields verdicts = verdicts(folder);
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : verdicts.names()) {
      Fields builds = verdicts.object(name);
      ByteSource image = ByteSource.of(folder.resolve(name + ".bin"));
      for (String build : builds.names()) {
        VerificationKey key = key(folder, build.replaceFirst(".* with ", ""));
        String features = build.replaceFirst(" with .*", "");
        Bootloader bootloader =
            bootloader(key, features.endsWith("-allow"), features.endsWith("-rb"));
        tests.add(
            DynamicTest.dynamicTest(
                name + ", " + build,
                () ->
                    assertThat(reasonOf(() -> BootCheck.judge(image, bootloader, STORED)) == null)
                        .isEqualTo(builds.string(build).equals("VALID"))));
      }
    }
    assertThat(tests).hasSize(38);
    reporter.publishEntry("signer vectors", verdicts.names().size() + "");
    return tests;
  }

  @Test
  void everySignedImageOfImgtoolIsAcceptedByItsKeyAndByNoOther(TestReporter reporter)
      throws Exception {
    Path folder = Vectors.folder("mcuboot");
    List<Path> images = Vectors.files("mcuboot", ".signed.bin");
    List<String> names = List.of("rsa-2048", "rsa-3072", "ecdsa-p256", "ecdsa-p384", "ed25519");
    for (Path image : images) {
      String file = image.getFileName().toString();
      for (String name : names) {
        VerificationKey key = key(folder, name);
        Reason refusal =
            reasonOf(
                () ->
                    TrustCheck.judge(
                        ByteSource.of(image),
                        List.of(key),
                        TrustCheck.Demand.ANY,
                        OptionalLong.empty()));
        boolean isSigner = file.replace("ext-", "").startsWith(name) && !file.contains("fullkey");
        assertThat(refusal == null).as(file + " with " + name).isEqualTo(isSigner);
      }
    }
    assertThat(images).hasSize(12);
    reporter.publishEntry("signed images", images.size() + "");
  }

  @Test
  void anUnsignedImageIsRefused() throws Exception {
    Path folder = Vectors.folder("mcuboot");
    VerificationKey key = key(folder, "ecdsa-p256");
    assertThat(
            reasonOf(
                () ->
                    TrustCheck.judge(
                        ByteSource.of(folder.resolve("unsigned.bin")),
                        List.of(key),
                        TrustCheck.Demand.ANY,
                        OptionalLong.empty())))
        .isEqualTo(Reason.IMAGE_KEY_UNKNOWN);
  }

  private static boolean areAllValid(Fields builds, List<String> names) throws RejectedException {
    for (String name : names) {
      if (!builds.string(name).equals("VALID")) {
        return false;
      }
    }
    return true;
  }

  private static Fields verdicts(Path folder) throws IOException, RejectedException {
    byte[] json = Files.readAllBytes(folder.resolve("verdicts.json"));
    return JsonReader.readObject(json, json.length).object("verdicts");
  }

  static VerificationKey key(Path folder, String name) throws IOException, RejectedException {
    return ImageKeyType.key(Vectors.spki(folder.resolve(name + ".pub.pem")));
  }

  private static Bootloader bootloader(VerificationKey key, boolean allowList, boolean rollback) {
    return new Bootloader(
        "c-build",
        List.of(BootAnchor.of(new Anchor(key))),
        List.of(),
        allowList,
        rollback,
        false,
        KeyTlv.KEYHASH,
        1 << 20);
  }

  /** The reason of the refusal, or null when accepted. */
  static @Nullable Reason reasonOf(Judged judged) throws IOException {
    try {
      judged.judge();
      return null;
    } catch (RejectedException e) {
      return e.reason();
    }
  }

  interface Judged {
    void judge() throws IOException, RejectedException;
  }
}
