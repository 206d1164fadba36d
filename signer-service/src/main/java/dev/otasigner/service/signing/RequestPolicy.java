package dev.otasigner.service.signing;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.BootCheck;
import dev.otasigner.verifier.policy.ProfileFit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * What can be known to be wrong with a request before any key is touched, all of it at once. What
 * only the finished build shows is the device's own code to judge, after signing.
 */
final class RequestPolicy {
  private static final byte[] MCUBOOT_MAGIC = {0x3d, (byte) 0xb8, (byte) 0xf3, (byte) 0x96};

  private final FleetFacts fleet;
  private final SigningKeys keys;
  private final Builds builds;
  private final PayloadStore payloads;

  RequestPolicy(FleetFacts fleet, SigningKeys keys, Builds builds, PayloadStore payloads) {
    this.fleet = fleet;
    this.keys = keys;
    this.builds = builds;
    this.payloads = payloads;
  }

  /**
   * The answer: reasons, or a plan when there are none.
   *
   * @param plan empty when a reason is there
   */
  record Verdict(List<PolicyReason> reasons, Optional<SigningPlan> plan) {
    Verdict {
      reasons = List.copyOf(reasons);
    }
  }

  Verdict judge(String product, RequestSpec spec) throws IOException {
    return new Run(product, spec).judge();
  }

  /** The part that a build which was signed elsewhere, manifest and all, is asked too. */
  List<PolicyReason> judgeFinished(String product, Manifest manifest) {
    Run run =
        new Run(
            product,
            new RequestSpec(
                manifest.version(),
                manifest.securityCounter(),
                manifest.hardware(),
                manifest.format(),
                manifest.variants().get(0).sha256(),
                true,
                List.of(),
                List.of(),
                manifest.profile(),
                manifest.from(),
                manifest.requires(),
                Optional.empty(),
                RequestSpec.Layout.USUAL));
    run.judgeHardware();
    run.judgeVersion();
    run.judgeCounter();
    run.judgeProfile();
    return List.copyOf(run.reasons);
  }

  /** One judgement; reasons gather as it goes. */
  private final class Run {
    private final String product;
    private final RequestSpec spec;
    private final FleetFacts.Policy policy;
    private final List<DeviceState> devices;
    private final List<PolicyReason> reasons = new ArrayList<>();

    Run(String product, RequestSpec spec) {
      this.product = product;
      this.spec = spec;
      this.policy = fleet.policy(product);
      Set<String> hardware = new HashSet<>();
      spec.hardware().forEach(h -> hardware.add(h.id()));
      this.devices =
          fleet.devices(product).stream()
              .filter(d -> hardware.contains(d.hardware().id()))
              .toList();
    }

    Verdict judge() throws IOException {
      Optional<Path> payload = judgePayload();
      judgeHardware();
      judgeVersion();
      judgeCounter();
      Optional<Profile> profile = judgeProfile();
      Optional<Bootloader> bootloader = judgeBootloader();
      List<SigningKey> imageKeys = resolve(spec.imageKeys(), KeyPurpose.IMAGE);
      List<SigningKey> manifestKeys = resolve(spec.manifestKeys(), KeyPurpose.MANIFEST);
      List<Bootloader> bootloaders = bootloadersInUse(bootloader);
      judgeImageKeys(imageKeys, bootloaders);
      List<BootAnchor> signedBy =
          spec.finished() && payload.isPresent()
              ? judgeSigners(payload.get(), bootloaders)
              : List.of();
      judgeManifestKeys(manifestKeys, profile);
      if (payload.isPresent()) {
        judgeRoom(payload.get(), bootloaders);
      }
      if (!reasons.isEmpty()) {
        return new Verdict(reasons, Optional.empty());
      }
      Path file = payload.orElseThrow();
      boolean wholeKeys =
          !bootloaders.isEmpty()
              && bootloaders.stream().allMatch(b -> b.keyTlv() == Bootloader.KeyTlv.PUBKEY);
      SigningPlan plan =
          new SigningPlan(
              file,
              Files.size(file),
              VariantPlan.of(imageKeys, bootloaders),
              signedBy,
              manifestKeys,
              bootloader,
              wholeKeys ? Bootloader.KeyTlv.PUBKEY : Bootloader.KeyTlv.KEYHASH);
      return new Verdict(List.of(), Optional.of(plan));
    }

    private void refuse(PolicyCode code, String detail) {
      reasons.add(new PolicyReason(code, detail));
    }

    private Optional<Path> judgePayload() throws IOException {
      Optional<Path> payload = payloads.find(spec.payload());
      if (payload.isEmpty()) {
        refuse(PolicyCode.PAYLOAD_MISSING, "payload " + spec.payload() + " was not uploaded");
      } else if (Files.size(payload.get()) == 0) {
        refuse(PolicyCode.PAYLOAD_FORMAT, "the payload is empty");
      } else if (spec.format() == ImageFormat.MCUBOOT
          && isImage(payload.get()) != spec.finished()) {
        refuse(
            PolicyCode.PAYLOAD_FORMAT,
            spec.finished()
                ? "the file is no MCUboot image"
                : "the payload is an MCUboot image already; register a finished build instead");
      }
      return payload;
    }

    private void judgeHardware() {
      List<Manifest.Hardware> known = fleet.hardware(product);
      for (Manifest.Hardware wanted : spec.hardware()) {
        Optional<Manifest.Hardware> found =
            known.stream().filter(h -> h.id().equals(wanted.id())).findFirst();
        if (found.isEmpty()) {
          refuse(
              PolicyCode.HARDWARE_UNKNOWN,
              "product " + product + " has no hardware " + wanted.id());
          continue;
        }
        if (wanted.revisions().isEmpty()) {
          refuse(
              PolicyCode.REVISION_UNKNOWN, "no revision of hardware " + wanted.id() + " is named");
        }
        for (String revision : wanted.revisions()) {
          if (!found.get().revisions().contains(revision)) {
            refuse(
                PolicyCode.REVISION_UNKNOWN,
                "hardware " + wanted.id() + " has no revision " + revision);
          }
        }
      }
    }

    private void judgeVersion() {
      ImageVersion version = spec.version();
      if (policy.evenMajorsOnly() && version.major() % 2 != 0) {
        refuse(
            PolicyCode.VERSION_ODD_MAJOR,
            version + " has an odd major version: these are internal, releases are even");
      }
      if (builds.find(product, version).isPresent()) {
        refuse(PolicyCode.VERSION_TAKEN, "build " + version + " exists and never changes");
        return;
      }
      Optional<ImageVersion> newest =
          sameHardware().stream()
              .map(Manifest::version)
              .filter(v -> v.major() == version.major())
              .max(ImageVersion::compareTo);
      if (newest.isPresent() && newest.get().isNewerThan(version)) {
        refuse(
            PolicyCode.VERSION_NOT_NEWER,
            version + " is not newer than " + newest.get() + ", the newest build of its line");
      } else if (!devices.isEmpty()
          && devices.stream().noneMatch(d -> version.isNewerThan(d.running().version()))) {
        refuse(
            PolicyCode.VERSION_NOT_NEWER,
            version + " is not newer than what any device runs already");
      }
    }

    private void judgeCounter() {
      OptionalLong before =
          sameHardware().stream()
              .filter(m -> spec.version().isNewerThan(m.version()))
              .mapToLong(Manifest::securityCounter)
              .max();
      if (before.isPresent() && spec.securityCounter() < before.getAsLong()) {
        refuse(
            PolicyCode.COUNTER_TOO_LOW,
            "security counter "
                + spec.securityCounter()
                + " is below "
                + before.getAsLong()
                + " of an older build");
      }
      OptionalLong inField = devices.stream().mapToLong(DeviceState::securityCounter).max();
      if (before.isEmpty() && inField.isEmpty()) {
        return; // the first build of a hardware sets the counter
      }
      long base = Math.max(before.orElse(0), inField.orElse(0));
      if (spec.securityCounter() - base > policy.maxCounterStep()) {
        refuse(
            PolicyCode.COUNTER_STEP_TOO_LARGE,
            "security counter "
                + spec.securityCounter()
                + " is more than "
                + policy.maxCounterStep()
                + " above "
                + base
                + ", the highest so far; a counter can never be taken back");
      }
    }

    private List<Manifest> sameHardware() {
      return builds.of(product).stream()
          .map(builds::manifest)
          .filter(
              m ->
                  m.hardware().stream()
                      .anyMatch(h -> spec.hardware().stream().anyMatch(s -> s.id().equals(h.id()))))
          .toList();
    }

    private Optional<Profile> judgeProfile() {
      var bytes = fleet.profile(product, spec.profile());
      if (bytes.isEmpty()) {
        refuse(PolicyCode.PROFILE_UNKNOWN, "profile " + spec.profile() + " is not registered");
        return Optional.empty();
      }
      try {
        Profile profile = Profile.read(bytes.get().toByteArray());
        ProfileFit.requireSound(profile);
        return Optional.of(profile);
      } catch (RejectedException e) {
        refuse(PolicyCode.PROFILE_UNFIT, e.getMessage());
        return Optional.empty();
      }
    }

    private Optional<Bootloader> judgeBootloader() {
      if (spec.bootloader().isEmpty()) {
        return Optional.empty();
      }
      String id = spec.bootloader().get();
      Optional<Bootloader> bootloader = fleet.bootloader(product, id);
      if (bootloader.isEmpty()) {
        refuse(PolicyCode.BOOTLOADER_UNKNOWN, "bootloader " + id + " is not registered");
      }
      if (spec.format() != ImageFormat.MCUBOOT) {
        refuse(PolicyCode.PAYLOAD_FORMAT, "only an MCUboot build brings a bootloader component");
      }
      if (!devices.isEmpty() && devices.stream().noneMatch(d -> d.bootloader().updatable())) {
        refuse(
            PolicyCode.BOOTLOADER_FIXED,
            "no device of this hardware has a bootloader that changes");
      }
      return bootloader;
    }

    private List<SigningKey> resolve(List<String> names, KeyPurpose purpose) {
      List<SigningKey> found = new ArrayList<>();
      for (String name : names) {
        Optional<SigningKey> key = keys.find(name);
        if (key.isEmpty()) {
          refuse(PolicyCode.KEY_UNKNOWN, "key " + name + " is not in the keyring");
        } else if (key.get().purpose() != purpose) {
          refuse(
              PolicyCode.KEY_PURPOSE,
              "key "
                  + name
                  + " is for "
                  + key.get().purpose().code()
                  + ", not for "
                  + purpose.code());
        } else if (key.get().product().isPresent() && !key.get().product().get().equals(product)) {
          refuse(
              PolicyCode.KEY_OTHER_PRODUCT,
              "key " + name + " serves product " + key.get().product().get() + " alone");
        } else if (key.get().state() != KeyState.ACTIVE) {
          refuse(
              PolicyCode.KEY_NOT_ACTIVE,
              "key " + name + " is " + key.get().state().code() + ": it signs nothing");
        } else if (found.stream().noneMatch(k -> k.keyId().equals(key.get().keyId()))) {
          found.add(key.get());
        }
      }
      return found;
    }

    private void judgeImageKeys(List<SigningKey> imageKeys, List<Bootloader> bootloaders) {
      if (spec.format() == ImageFormat.OPAQUE) {
        if (!spec.imageKeys().isEmpty()) {
          refuse(PolicyCode.KEY_SUITE, "an opaque image carries no signature; its manifest does");
        }
        return;
      }
      if (spec.finished()) {
        if (!spec.imageKeys().isEmpty() || spec.bootloader().isPresent()) {
          refuse(PolicyCode.KEY_SUITE, "a finished image is signed already, and by itself");
        }
        return;
      }
      if (spec.imageKeys().isEmpty()) {
        refuse(PolicyCode.KEYS_MISSING, "an MCUboot image needs an image key");
      }
      for (SigningKey key : imageKeys) {
        try {
          VariantPlan.of(List.of(key), bootloaders);
        } catch (IllegalArgumentException e) {
          refuse(PolicyCode.KEY_SUITE, "key " + key.name() + ": " + e.getMessage());
        }
      }
    }

    /** The keys of known bootloaders by which a finished image boots; all of them use one hash. */
    private List<BootAnchor> judgeSigners(Path image, List<Bootloader> bootloaders)
        throws IOException {
      Set<BootAnchor> signers = new java.util.LinkedHashSet<>();
      RejectedException refusal = null;
      for (Bootloader bootloader : bootloaders) {
        for (BootAnchor anchor : bootloader.accepted()) {
          try {
            BootCheck.judge(ByteSource.of(image), holding(bootloader, anchor), -1);
            signers.add(anchor);
          } catch (RejectedException e) {
            refusal = e;
          }
        }
      }
      if (signers.isEmpty()) {
        refuse(
            PolicyCode.IMAGE_REFUSED,
            refusal == null ? "no bootloader is registered" : refusal.getMessage());
      }
      return List.copyOf(signers);
    }

    private static Bootloader holding(Bootloader like, BootAnchor anchor) {
      return new Bootloader(
          like.id(),
          List.of(anchor),
          List.of(),
          like.allowList(),
          like.rollbackProtection(),
          like.updatable(),
          like.keyTlv(),
          like.slotBytes());
    }

    /** Some device, or the factory where there is none, must be satisfied by these signers. */
    private void judgeManifestKeys(List<SigningKey> manifestKeys, Optional<Profile> brought) {
      if (spec.manifestKeys().isEmpty()) {
        refuse(PolicyCode.KEYS_MISSING, "a manifest needs a manifest key");
        return;
      }
      Set<Digest> signers = new HashSet<>();
      manifestKeys.forEach(key -> signers.add(key.keyId()));
      List<Profile> running = new ArrayList<>();
      if (devices.isEmpty()) {
        brought.ifPresent(running::add);
      }
      for (DeviceState device : devices) {
        if (spec.version().isNewerThan(device.running().version())) {
          fleet
              .profile(product, device.running().profile())
              .ifPresent(bytes -> addRead(running, bytes));
        }
      }
      boolean resolved = manifestKeys.size() == spec.manifestKeys().size();
      if (resolved && !running.isEmpty() && running.stream().noneMatch(p -> isMet(p, signers))) {
        refuse(
            PolicyCode.MANIFEST_RULE_NOT_MET,
            "no running profile is satisfied by these manifest keys; one demands "
                + running.get(0).rule());
      }
    }

    private static void addRead(List<Profile> to, dev.otasigner.verifier.Bytes bytes) {
      try {
        to.add(Profile.read(bytes.toByteArray()));
      } catch (RejectedException e) {
        throw new IllegalStateException("a registered profile is damaged", e);
      }
    }

    private static boolean isMet(Profile profile, Set<Digest> signers) {
      Set<Digest> counting = new HashSet<>();
      for (Anchor anchor : profile.anchors()) {
        if (signers.contains(anchor.keyId())
            && profile.knows().contains(anchor.suite())
            && anchor.suite().strengthBits() >= profile.minStrengthBits()) {
          counting.add(anchor.keyId());
        }
      }
      return profile.rule().isMetBy(counting);
    }

    private void judgeRoom(Path payload, List<Bootloader> bootloaders) throws IOException {
      long image = Files.size(payload) + (spec.finished() ? 0 : spec.layout().headerBytes());
      if (spec.format() == ImageFormat.MCUBOOT
          && !bootloaders.isEmpty()
          && bootloaders.stream().allMatch(b -> b.slotBytes() < image)) {
        refuse(
            PolicyCode.IMAGE_TOO_LARGE,
            "header and payload are " + image + " bytes: no bootloader's slot has that room");
      }
    }

    /** Bootloaders that may meet the image: registered, in the field, and the one it brings. */
    private List<Bootloader> bootloadersInUse(Optional<Bootloader> brought) {
      Set<Bootloader> all = new java.util.LinkedHashSet<>();
      for (Manifest.Hardware hardware : spec.hardware()) {
        all.addAll(fleet.bootloaders(product, hardware.id()));
      }
      devices.forEach(d -> all.add(d.bootloader()));
      brought.ifPresent(all::add);
      return List.copyOf(all);
    }
  }

  private static boolean isImage(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return Arrays.equals(in.readNBytes(MCUBOOT_MAGIC.length), MCUBOOT_MAGIC);
    }
  }
}
