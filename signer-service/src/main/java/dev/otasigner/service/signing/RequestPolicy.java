package dev.otasigner.service.signing;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.fleet.KeyDemand;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.ProfileFit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
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
  private final BuildLines lines;
  private final PayloadStore payloads;
  private final Uploads uploads;

  RequestPolicy(FleetFacts fleet, SigningKeys keys, Builds builds, PayloadStore payloads) {
    this.lines = builds.lines();
    this.fleet = fleet;
    this.keys = keys;
    this.builds = builds;
    this.payloads = payloads;
    this.uploads = builds.uploads();
  }

  /**
   * The answer: reasons, or a plan when there are none.
   *
   * @param waived what would be reasons, were it no emergency
   * @param plan empty when a reason is there
   */
  record Verdict(
      List<PolicyReason> reasons, List<PolicyReason> waived, Optional<SigningPlan> plan) {
    Verdict {
      reasons = List.copyOf(reasons);
      waived = List.copyOf(waived);
    }
  }

  /**
   * Judges a request.
   *
   * @param requester an actor's label
   * @param supposed what is asked for before it in the same call, and taken for built
   * @param now by which demands have begun or not
   */
  Verdict judge(
      String product, String requester, RequestSpec spec, List<RequestSpec> supposed, Instant now)
      throws IOException {
    return new Run(product, spec, supposed, now).judge(requester);
  }

  /** The part that a build which was signed elsewhere, manifest and all, is asked too. */
  List<PolicyReason> judgeFinished(
      String product, String author, Manifest manifest, List<SigningKey> signers, Instant now)
      throws IOException {
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
                RequestSpec.Layout.USUAL,
                Optional.empty()),
            List.of(),
            now);
    run.judgeMakersRules(author);
    run.judgeSigners(manifest, signers);
    run.judgeHardware();
    run.judgeVersion();
    run.judgeCounter();
    run.judgeProfile();
    return List.copyOf(run.reasons);
  }

  /**
   * Whether a build that was let in has become too old meanwhile. Asked in the transaction that
   * adds it, and nobody else adds one from here on until that ends.
   */
  Optional<PolicyReason> overtaken(String product, Manifest manifest) {
    lines.hold(product);
    if (builds.find(product, manifest.version()).isPresent()) {
      return Optional.of(
          new PolicyReason(
              PolicyCode.VERSION_TAKEN,
              "build " + manifest.version() + " was made by somebody else meanwhile"));
    }
    List<String> hardware = manifest.hardware().stream().map(Manifest.Hardware::id).toList();
    ImageVersion version = manifest.version();
    Optional<ImageVersion> newest = lines.newest(product, hardware, version.major(), List.of());
    if (newest.isPresent() && newest.get().isNewerThan(version)) {
      return Optional.of(
          new PolicyReason(
              PolicyCode.VERSION_NOT_NEWER,
              version + " is not newer than " + newest.get() + ", which was built meanwhile"));
    }
    OptionalLong counter = lines.counter(product, hardware, version.major(), List.of());
    if (counter.isPresent() && manifest.securityCounter() < counter.getAsLong()) {
      return Optional.of(
          new PolicyReason(
              PolicyCode.COUNTER_TOO_LOW,
              "security counter "
                  + manifest.securityCounter()
                  + " is below "
                  + counter.getAsLong()
                  + " of a build that was made meanwhile"));
    }
    return Optional.empty();
  }

  /** One judgement; reasons gather as it goes. */
  private final class Run {
    private final String product;
    private final RequestSpec spec;
    private final List<RequestSpec> supposed;
    private final ProductPolicy policy;
    private final Instant now;
    private final List<DeviceState> devices;
    private final List<PolicyReason> reasons = new ArrayList<>();

    Run(String product, RequestSpec spec, List<RequestSpec> supposed, Instant now) {
      this.product = product;
      this.supposed = supposed;
      this.now = now;
      this.spec = spec;
      this.policy = fleet.policy(product);
      Set<String> hardware = new HashSet<>();
      spec.hardware().forEach(h -> hardware.add(h.id()));
      this.devices =
          fleet.cohorts(product).stream()
              .map(Cohort::state)
              .filter(d -> hardware.contains(d.hardware().id()))
              .toList();
    }

    Verdict judge(String requester) throws IOException {
      judgeMakersRules(requester);
      Optional<Path> payload = judgePayload();
      judgeHardware();
      judgeVersion();
      judgeCounter();
      Optional<Profile> profile = judgeProfile();
      Optional<Bootloader> bootloader = judgeBootloader();
      KeyPolicy signers = new KeyPolicy(product, spec, fleet, keys, devices, reasons);
      List<SigningKey> imageKeys = signers.resolve(spec.imageKeys(), KeyPurpose.IMAGE);
      List<SigningKey> manifestKeys = signers.resolve(spec.manifestKeys(), KeyPurpose.MANIFEST);
      List<Bootloader> bootloaders = bootloadersInUse(bootloader);
      signers.judgeImageKeys(imageKeys, bootloaders);
      List<BootAnchor> signedBy =
          spec.finished() && payload.isPresent()
              ? signers.judgeSigners(payload.get(), bootloaders)
              : List.of();
      signers.judgeManifestKeys(manifestKeys, profile);
      signers.judgeDemands(
          KeyPurpose.IMAGE, demands(KeyPurpose.IMAGE), suites(imageKeys, signedBy));
      signers.judgeDemands(
          KeyPurpose.MANIFEST, demands(KeyPurpose.MANIFEST), suites(manifestKeys, List.of()));
      if (payload.isPresent()) {
        judgeRoom(payload.get(), bootloaders);
      }
      List<PolicyReason> waived =
          spec.emergency().isPresent()
              ? reasons.stream().filter(reason -> reason.code().isWaivable()).toList()
              : List.of();
      reasons.removeAll(waived);
      if (!reasons.isEmpty()) {
        return new Verdict(reasons, waived, Optional.empty());
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
      return new Verdict(List.of(), waived, Optional.of(plan));
    }

    /** What the product's maker has decided, whatever devices would take. */
    private void judgeMakersRules(String requester) {
      if (!policy.formats().isEmpty() && !policy.formats().contains(spec.format())) {
        refuse(
            PolicyCode.FORMAT_NOT_ALLOWED,
            "the policy of " + product + " has no images of format " + spec.format().code());
      }
      for (Manifest.Hardware wanted : spec.hardware()) {
        if (!policy.hardware().isEmpty() && !policy.hardware().contains(wanted.id())) {
          refuse(
              PolicyCode.HARDWARE_NOT_ALLOWED,
              "the policy of " + product + " has nothing signed for hardware " + wanted.id());
        }
      }
      if (!policy.admits(requester)) {
        refuse(
            PolicyCode.REQUESTER_NOT_ALLOWED,
            "the policy of " + product + " has others ask for signatures than " + requester);
      }
      if (spec.emergency().isPresent() && policy.emergencyApprovals() == 0) {
        refuse(
            PolicyCode.EMERGENCY_NOT_ALLOWED,
            "the policy of " + product + " knows no emergency requests");
      }
    }

    private List<KeyDemand> demands(KeyPurpose purpose) {
      return policy.keys().stream()
          .filter(demand -> demand.purpose() == purpose && !now.isBefore(demand.from()))
          .toList();
    }

    /** The keys of a build that was signed elsewhere, as far as they are known here. */
    private void judgeSigners(Manifest manifest, List<SigningKey> signers) throws IOException {
      KeyPolicy rules = new KeyPolicy(product, spec, fleet, keys, devices, reasons);
      rules.judgeDemands(
          KeyPurpose.MANIFEST, demands(KeyPurpose.MANIFEST), suites(signers, List.of()));
      if (spec.format() == ImageFormat.MCUBOOT && !demands(KeyPurpose.IMAGE).isEmpty()) {
        List<Bootloader> bootloaders = bootloadersInUse(Optional.empty());
        List<SignatureSuite> imageSuites = new ArrayList<>();
        for (Manifest.Variant variant : manifest.variants()) {
          Optional<Path> image = payloads.find(variant.sha256());
          if (image.isPresent()) {
            rules
                .judgeSigners(image.get(), bootloaders)
                .forEach(anchor -> imageSuites.add(anchor.anchor().suite()));
          }
        }
        rules.judgeDemands(KeyPurpose.IMAGE, demands(KeyPurpose.IMAGE), imageSuites);
      }
    }

    private static List<SignatureSuite> suites(List<SigningKey> signing, List<BootAnchor> signed) {
      List<SignatureSuite> suites = new ArrayList<>();
      signing.forEach(key -> suites.add(key.anchor().suite()));
      signed.forEach(anchor -> suites.add(anchor.anchor().suite()));
      return suites;
    }

    private void refuse(PolicyCode code, String detail) {
      reasons.add(new PolicyReason(code, detail));
    }

    private Optional<Path> judgePayload() throws IOException {
      Optional<Path> payload =
          payloads.find(spec.payload()).filter(file -> uploads.has(product, spec.payload()));
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
      if (policy.evenMajorsOnly()
          && policy.stableChannels().isEmpty()
          && version.major() % 2 != 0) {
        refuse(
            PolicyCode.VERSION_ODD_MAJOR,
            version + " has an odd major version: these are internal, releases are even");
      }
      if (builds.find(product, version).isPresent()) {
        refuse(PolicyCode.VERSION_TAKEN, "build " + version + " exists and never changes");
        return;
      }
      Optional<ImageVersion> newest =
          lines.newest(product, hardwareIds(), version.major(), supposed);
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
      int major = spec.version().major();
      boolean newest =
          lines
              .newest(product, hardwareIds(), major, supposed)
              .map(v -> spec.version().isNewerThan(v))
              .orElse(true);
      // Builds of its own line count only if all of them are older.
      OptionalLong before =
          lines.counter(product, hardwareIds(), newest ? major : major - 1, supposed);
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

    private List<String> hardwareIds() {
      return spec.hardware().stream().map(Manifest.Hardware::id).toList();
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
        ProfileFit.requireTrusted(profile, fleet.lineages(product));
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
      if (!devices.isEmpty()
          && devices.stream()
              .map(DeviceState::bootloader)
              .noneMatch(present -> present.updatable() || present.id().equals(id))) {
        refuse(
            PolicyCode.BOOTLOADER_FIXED,
            "no device of this hardware has bootloader " + id + ", or one that changes");
      }
      return bootloader;
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
      Set<Bootloader> all = new LinkedHashSet<>();
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
