package dev.otasigner.verifier.fuzz;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.ImageFuzz;
import dev.otasigner.verifier.policy.Candidate;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.policy.UpdateSelection;
import dev.otasigner.verifier.policy.UpgradePolicy;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The whole judgement of a build that brings image, bootloader component and profile, and is sound
 * but for what the script says. The manifest is signed again by the right key after each change, so
 * that what stands behind the signature is reached.
 */
final class JudgementFuzz {
  private static final TestKey KEY = TestKey.of(SignatureSuite.ED25519, "judged");
  private static final Bootloader NEXT =
      TestFleet.bootloader(
          "boot-2",
          KEY.bootAnchor(),
          TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "judged").bootAnchor());
  private static final TestProfile PROFILE = TestProfile.any(KEY);
  private static final Made BUILD =
      TestBuild.of("34.0")
          .image("main", KEY)
          .brings(NEXT, KEY)
          .manifestBy(KEY)
          .profile(PROFILE)
          .from("1.0", "33.9")
          .requires("modem", "2.0")
          .make();
  private static final DeviceState DEVICE =
      TestFleet.device(TestFleet.bootloader("boot-1", KEY.bootAnchor()), PROFILE.read());

  private static final byte[] MANIFEST = BUILD.manifest().toJson().textBytes();
  private static final byte[] ENVELOPE = BUILD.envelope().toByteArray();
  private static final byte[] PROFILE_DOCUMENT = PROFILE.bytes();
  private static final byte[] HEAD = Made.head(BUILD).toJson().textBytes();
  private static final byte[] DEVICE_STATE = DEVICE.toJson().textBytes();

  private JudgementFuzz() {}

  static byte[] manifest() {
    return MANIFEST.clone();
  }

  static byte[] envelope() {
    return ENVELOPE.clone();
  }

  static byte[] profile() {
    return PROFILE_DOCUMENT.clone();
  }

  static byte[] head() {
    return HEAD.clone();
  }

  static byte[] deviceState() {
    return DEVICE_STATE.clone();
  }

  static void judge(byte[] input) throws IOException {
    Script script = new Script(input);
    int changed = script.next();
    byte[] image = (changed & 1) != 0 ? ImageFuzz.image(script) : BUILD.image("main");
    byte[] component = BUILD.component().orElseThrow();
    if ((changed & 2) != 0) {
      component = flipped(component, script);
    }
    byte[] profileBytes = edit((changed & 4) != 0, profile(), script);
    try {
      DeviceState device = DeviceState.read(edit((changed & 8) != 0, deviceState(), script));
      Profile brought = Profile.read(profileBytes);
      Json.Obj manifestJson = withDigests(image, component, brought);
      byte[] manifest = edit((changed & 16) != 0, manifestJson.textBytes(), script);
      Bytes envelope = signed(manifest);
      Head head = Head.read(edit((changed & 32) != 0, head(), script));
      Profile running = PROFILE.read();
      if (!device.running().profile().equals(running.digest())) {
        return;
      }
      UpdateSelection.select(
          device,
          running,
          head,
          (path, maxBytes) -> path.endsWith(".manifest") ? envelope.toByteArray() : profileBytes,
          LineageCheck.NO_CATALOGUE);
      for (Head.Candidate listed : head.candidates()) {
        for (Head.Variant variant : listed.variants()) {
          judge(device, running, candidate(listed, variant, envelope, image, brought, component));
        }
      }
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
  }

  private static void judge(DeviceState device, Profile running, Candidate candidate)
      throws IOException {
    try {
      DeviceState after = UpgradePolicy.judge(device, running, candidate).after();
      DeviceState.read(after.toJson().textBytes());
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
  }

  private static Candidate candidate(
      Head.Candidate listed,
      Head.Variant variant,
      Bytes envelope,
      byte[] image,
      Profile brought,
      byte[] component) {
    return new Candidate(
        listed,
        variant,
        envelope,
        ByteSource.of(image),
        brought,
        Optional.of(ByteSource.of(component)));
  }

  private static byte[] edit(boolean really, byte[] document, Script script) {
    return really ? script.edit(DocumentFuzz.object(document)).textBytes() : document;
  }

  private static byte[] flipped(byte[] bytes, Script script) {
    byte[] flipped = bytes.clone();
    flipped[script.below(0x10000) % flipped.length] ^= (byte) (1 << script.below(8));
    return flipped;
  }

  private static Json.Obj withDigests(byte[] image, byte[] component, Profile brought)
      throws RejectedException {
    Manifest sound = BUILD.manifest();
    Manifest.Variant variant = sound.variants().get(0);
    Manifest made =
        new Manifest(
            sound.product(),
            sound.hardware(),
            sound.version(),
            sound.securityCounter(),
            sound.format(),
            sound.built(),
            List.of(
                new Manifest.Variant(
                    variant.name(),
                    Math.max(1, image.length),
                    Digest.of(image),
                    variant.suite(),
                    variant.hash(),
                    variant.pure(),
                    variant.anchors())),
            brought.digest(),
            sound.from(),
            sound.requires(),
            sound
                .bootloader()
                .map(
                    b ->
                        new Manifest.BootloaderComponent(
                            b.id(), component.length, Digest.of(component), b.anchors())));
    return made.toJson();
  }

  private static Bytes signed(byte[] manifest) {
    Envelope envelope = new Envelope(Manifest.PAYLOAD_TYPE, Bytes.copyOf(manifest), List.of());
    return Bytes.copyOf(KEY.sign(envelope).toBytes());
  }
}
