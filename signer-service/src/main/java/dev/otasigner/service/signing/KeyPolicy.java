package dev.otasigner.service.signing;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.fleet.KeyDemand;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.mcuboot.BootCheck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The part of the policy that asks who would sign, and whether anybody would be satisfied by it.
 */
final class KeyPolicy {
  private final String product;
  private final RequestSpec spec;
  private final FleetFacts fleet;
  private final SigningKeys keys;
  private final List<DeviceState> devices;
  private final List<PolicyReason> reasons;

  /**
   * The policy for one request.
   *
   * @param devices of the hardware the request is for
   * @param reasons where a refusal is added
   */
  KeyPolicy(
      String product,
      RequestSpec spec,
      FleetFacts fleet,
      SigningKeys keys,
      List<DeviceState> devices,
      List<PolicyReason> reasons) {
    this.product = product;
    this.spec = spec;
    this.fleet = fleet;
    this.keys = keys;
    this.devices = devices;
    this.reasons = reasons;
  }

  private void refuse(PolicyCode code, String detail) {
    reasons.add(new PolicyReason(code, detail));
  }

  /** The keys that exist, are of the purpose, serve the product and may sign now. */
  List<SigningKey> resolve(List<String> names, KeyPurpose purpose) {
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

  void judgeImageKeys(List<SigningKey> imageKeys, List<Bootloader> bootloaders) {
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
  List<BootAnchor> judgeSigners(Path image, List<Bootloader> bootloaders) throws IOException {
    Set<BootAnchor> signers = new LinkedHashSet<>();
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

  /** What the product demands of keys by now. Nothing is demanded of an image without signature. */
  void judgeDemands(KeyPurpose purpose, List<KeyDemand> demands, List<SignatureSuite> signing) {
    if (purpose == KeyPurpose.IMAGE && spec.format() == ImageFormat.OPAQUE) {
      return;
    }
    for (KeyDemand demand : demands) {
      for (SignatureSuite suite : new LinkedHashSet<>(signing)) {
        if (suite.strengthBits() < demand.minStrengthBits()) {
          refuse(
              PolicyCode.STRENGTH_TOO_LOW,
              purpose.code()
                  + " keys need "
                  + demand.minStrengthBits()
                  + " bits of strength since "
                  + demand.from()
                  + ", and "
                  + suite.code()
                  + " has "
                  + suite.strengthBits());
        }
      }
      if (!demand.suites().isEmpty() && signing.stream().noneMatch(demand.suites()::contains)) {
        refuse(
            PolicyCode.SUITE_REQUIRED,
            "since "
                + demand.from()
                + " one of the "
                + purpose.code()
                + " keys has to be "
                + String.join(" or ", demand.suites().stream().map(SignatureSuite::code).toList()));
      }
    }
  }

  /** Some device, or the factory where there is none, must be satisfied by these signers. */
  void judgeManifestKeys(List<SigningKey> manifestKeys, Optional<Profile> brought) {
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

  private static void addRead(List<Profile> to, Bytes bytes) {
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
}
