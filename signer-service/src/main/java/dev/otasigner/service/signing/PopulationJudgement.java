package dev.otasigner.service.signing;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Accepted;
import dev.otasigner.verifier.policy.Candidate;
import dev.otasigner.verifier.policy.Eligible;
import dev.otasigner.verifier.policy.UpgradePolicy;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The device's own judgement of a build, on behalf of every state that devices are in. Where a
 * hardware has no device yet, the factory speaks: each registered bootloader with an empty slot.
 */
public final class PopulationJudgement {
  private static final Digest NOTHING = new Digest("0".repeat(64));

  private final FleetFacts fleet;

  public PopulationJudgement(FleetFacts fleet) {
    this.fleet = fleet;
  }

  /**
   * Returns only when, of each hardware the build is for, some device would take it.
   *
   * @throws RejectedException the refusal of the largest cohort of a hardware where none would
   */
  public void requireTakeable(String product, BuildFiles build)
      throws RejectedException, IOException {
    List<Cohort> cohorts = fleet.cohorts(product);
    for (Manifest.Hardware hardware : build.manifest().hardware()) {
      List<Cohort> own =
          cohorts.stream().filter(c -> c.state().hardware().id().equals(hardware.id())).toList();
      requireOne(own.isEmpty() ? factory(product, hardware, build) : own, hardware, build);
    }
  }

  private void requireOne(List<Cohort> cohorts, Manifest.Hardware hardware, BuildFiles build)
      throws RejectedException, IOException {
    RejectedException refusal = null;
    long refusing = -1;
    for (Cohort cohort : cohorts) {
      try {
        judge(cohort.state(), build);
        return;
      } catch (RejectedException e) {
        if (cohort.count() > refusing) {
          refusing = cohort.count();
          refusal = e;
        }
      }
    }
    if (refusal == null) {
      throw new RejectedException(
          Reason.WRONG_HARDWARE, "no bootloader is registered for hardware " + hardware.id());
    }
    throw refusal;
  }

  /**
   * Judges as a device of this state would, for which the build is listed for everyone.
   *
   * @throws RejectedException the first refusal
   */
  public Accepted judge(DeviceState state, BuildFiles build) throws RejectedException, IOException {
    Head.Candidate listing = listing(state, build);
    Profile running = runningProfile(state, build);
    Eligible eligible =
        UpgradePolicy.judgeListing(state, running, listing, build.envelope(), build.profile());
    return UpgradePolicy.judge(
        state, running, candidate(listing, eligible, build), fleet.lineages(state.product()));
  }

  private static Head.Candidate listing(DeviceState state, BuildFiles build) {
    return CandidateListing.forEveryone(build.manifest(), state.channel(), state.hardware().id());
  }

  private static Candidate candidate(Head.Candidate listing, Eligible eligible, BuildFiles build) {
    ByteSource image = build.image(eligible.variant().name());
    return new Candidate(
        listing, eligible.file(), build.envelope(), image, build.profile(), build.component());
  }

  /** The judgement of one build for as long as it is asked of many states. */
  public JudgedBuild of(BuildFiles build) {
    return new JudgedBuild(build);
  }

  /**
   * One build before many devices. Its files are judged once for all that have the same bootloader
   * and security counter: of the device, they depend on nothing else.
   */
  public final class JudgedBuild {
    private final BuildFiles build;
    private final Map<FilesQuestion, Optional<RejectedException>> files = new HashMap<>();

    private JudgedBuild(BuildFiles build) {
      this.build = build;
    }

    /** The first refusal as a device of this state would give it, or empty when it accepts. */
    public Optional<RejectedException> refusal(DeviceState state) throws IOException {
      try {
        Eligible eligible =
            UpgradePolicy.judgeListing(
                state,
                runningProfile(state, build),
                listing(state, build),
                build.envelope(),
                build.profile());
        FilesQuestion question =
            new FilesQuestion(
                eligible.variant().name(), state.bootloader(), state.securityCounter());
        Optional<RejectedException> refusal = files.get(question);
        if (refusal == null) {
          refusal = judgeFiles(question);
          files.put(question, refusal);
        }
        if (refusal.isEmpty()) {
          fleet.lineages(state.product()).requireTrustedUnder(build.profile());
        }
        return refusal;
      } catch (RejectedException e) {
        return Optional.of(e);
      }
    }

    private Optional<RejectedException> judgeFiles(FilesQuestion question) throws IOException {
      Manifest manifest = build.manifest();
      Manifest.Variant variant =
          manifest.variants().stream()
              .filter(listed -> listed.name().equals(question.variant()))
              .findFirst()
              .orElseThrow();
      try {
        UpgradePolicy.judgeFiles(
            question.bootloader(),
            question.securityCounter(),
            manifest,
            variant,
            build.image(variant.name()),
            build.component());
        return Optional.empty();
      } catch (RejectedException e) {
        return Optional.of(e);
      }
    }
  }

  private record FilesQuestion(String variant, Bootloader bootloader, long securityCounter) {}

  /**
   * The profile that the device runs.
   *
   * @throws RejectedException PROFILE_UNFIT for one that is not registered: what the device would
   *     accept is not known, so it counts as taking nothing
   */
  private Profile runningProfile(DeviceState state, BuildFiles build) throws RejectedException {
    Digest digest = state.running().profile();
    if (digest.equals(build.profile().digest())) {
      return build.profile();
    }
    Optional<Bytes> bytes = fleet.profile(state.product(), digest);
    if (bytes.isEmpty()) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT, "devices report profile " + digest + ", which is not registered");
    }
    return Profile.read(bytes.get().toByteArray());
  }

  /** The states in which devices leave a factory that has only this build to write. */
  private List<Cohort> factory(String product, Manifest.Hardware hardware, BuildFiles build) {
    List<Bootloader> bootloaders = new ArrayList<>(fleet.bootloaders(product, hardware.id()));
    if (build.manifest().format() == ImageFormat.OPAQUE && bootloaders.isEmpty()) {
      bootloaders.add(checksNothing());
    }
    List<Cohort> states = new ArrayList<>();
    for (Bootloader bootloader : bootloaders) {
      for (String revision : hardware.revisions()) {
        states.add(Cohort.toCome(emptySlot(product, hardware.id(), revision, bootloader, build)));
      }
    }
    return states;
  }

  private static Bootloader checksNothing() {
    return new Bootloader(
        "none",
        List.of(),
        List.of(),
        false,
        false,
        false,
        Bootloader.KeyTlv.KEYHASH,
        Long.MAX_VALUE);
  }

  private static DeviceState emptySlot(
      String product, String hardware, String revision, Bootloader bootloader, BuildFiles build) {
    Manifest manifest = build.manifest();
    ImageVersion before =
        manifest.from().isEmpty() ? new ImageVersion(0, 0, 0, 0) : manifest.from().get(0).min();
    Map<String, ImageVersion> components = new HashMap<>();
    manifest.requires().forEach(r -> components.put(r.component(), r.min()));
    Profile profile = build.profile();
    return new DeviceState(
        "factory",
        product,
        new DeviceState.Hardware(hardware, revision),
        "factory",
        new DeviceState.Clock(ClockClass.RTC, manifest.built()),
        bootloader,
        new DeviceState.Running(before, NOTHING, profile.digest()),
        components,
        0,
        profile.lineage().name(),
        1,
        new DeviceState.ClientCert(profile.tls().clientKey(), manifest.built()));
  }

  /** Whether a device of this state runs the build already. */
  public static boolean runs(DeviceState state, BuildFiles build) {
    return state.running().manifest().equals(build.manifestDigest());
  }
}
