package dev.otasigner.service.rotation;

import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.BootCheck;
import dev.otasigner.verifier.mcuboot.McubootStrip;
import java.io.IOException;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A build as if some keys had never signed it: the real bytes with these signatures cut out. That
 * is what every build to come will be once the keys are retired.
 *
 * <p>An image without one of its signatures is another file than its manifest names, so the
 * judgement is asked about the whole image first, and its boot checks once more about what is left
 * of it.
 */
final class WithoutKeys {
  private final List<VerificationKey> retired;

  WithoutKeys(Collection<VerificationKey> retired) {
    this.retired = List.copyOf(retired);
  }

  /** Whether nothing is cut out. */
  boolean isNothing() {
    return retired.isEmpty();
  }

  /** A bootloader as if it took the word of these keys, too. */
  Bootloader trusted(Bootloader bootloader) {
    Set<BootAnchor> anchors = new LinkedHashSet<>(bootloader.anchors());
    retired.stream()
        .filter(key -> BootAnchor.isFor(key.suite()))
        .forEach(key -> anchors.add(BootAnchor.of(new Anchor(key))));
    return new Bootloader(
        bootloader.id(),
        List.copyOf(anchors),
        bootloader.trialAnchors(),
        bootloader.allowList(),
        bootloader.rollbackProtection(),
        bootloader.updatable(),
        bootloader.keyTlv(),
        bootloader.slotBytes());
  }

  /**
   * Demands that what is left of an accepted build's image boots, now and once it is confirmed.
   *
   * @param present the device's bootloader
   * @param securityCounter the device's
   * @param after its bootloader once the build is confirmed
   * @throws RejectedException the first refusal
   */
  void requireBoots(
      Bootloader present,
      long securityCounter,
      Bootloader after,
      BuildFiles build,
      ByteSource image)
      throws RejectedException, IOException {
    if (build.manifest().format() != ImageFormat.MCUBOOT || retired.isEmpty()) {
      return;
    }
    ByteSource left = strip(image);
    BootCheck.judge(left, onTrial(present, after), securityCounter);
    if (build.manifest().componentFor(present).isPresent() && build.component().isPresent()) {
      BootCheck.judge(left, after, securityCounter);
      try {
        BootCheck.judge(strip(component(build, build.component().get())), present, securityCounter);
      } catch (RejectedException e) {
        throw e.in("bootloader component").as(Reason.BOOTLOADER_COMPONENT);
      }
    }
  }

  /**
   * A file that is signed as the component would be: by the keys of the first image file. Once all
   * of these are gone that is the first file of which something is left.
   */
  private ByteSource component(BuildFiles build, ByteSource component) {
    List<Manifest.Variant> variants = build.manifest().variants();
    for (Manifest.Variant variant : variants) {
      if (variant.anchors().stream().anyMatch(this::isLeft)) {
        return variant.equals(variants.get(0)) ? component : build.image(variant.name());
      }
    }
    return component;
  }

  private boolean isLeft(Digest keyId) {
    return retired.stream().noneMatch(key -> key.keyId().equals(keyId));
  }

  /** While a component is on trial, its anchors boot beside the present ones. */
  private static Bootloader onTrial(Bootloader present, Bootloader after) {
    return new Bootloader(
        present.id(),
        present.anchors(),
        after.anchors(),
        present.allowList(),
        present.rollbackProtection(),
        present.updatable(),
        present.keyTlv(),
        present.slotBytes());
  }

  /** A manifest's file without these keys' signatures. */
  Bytes of(Bytes envelope) throws RejectedException {
    if (retired.isEmpty()) {
      return envelope;
    }
    Envelope read = Envelope.read(envelope.toByteArray());
    List<Envelope.Signature> left =
        read.signatures().stream()
            .filter(s -> retired.stream().noneMatch(k -> k.keyId().equals(s.keyId())))
            .toList();
    return Bytes.copyOf(new Envelope(read.payloadType(), read.payload(), left).toBytes());
  }

  private ByteSource strip(ByteSource image) throws RejectedException, IOException {
    ByteSource left = image;
    for (VerificationKey key : retired) {
      try {
        left = McubootStrip.withoutSigner(left, key);
      } catch (RejectedException e) {
        // A key that did not sign it, or cannot: nothing to cut out.
        if (e.reason() != Reason.IMAGE_KEY_UNKNOWN && e.reason() != Reason.UNSUPPORTED_ALGORITHM) {
          throw e;
        }
      }
    }
    return left;
  }
}
