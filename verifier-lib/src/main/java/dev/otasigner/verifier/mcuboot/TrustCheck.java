package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What {@code signer verify --trust} answers: would every bootloader that knows this one key boot
 * the image? Allow list on, keys named by their hash, rollback protection on when a counter is
 * given. No slot is known here, so that the length is not judged.
 */
public final class TrustCheck {
  /** With several keys: one bootloader for each. */
  public enum Demand {
    /** Some of them must boot it. */
    ANY,
    /** Each of them must boot it. */
    ALL
  }

  /**
   * What is held in memory of an image with a pure signature, unless the caller says otherwise, in
   * bytes: no slot is known here that would bound it.
   */
  public static final int DEFAULT_PURE_BYTES = 64 * 1024 * 1024;

  private TrustCheck() {}

  /**
   * As {@link #judge(ByteSource, List, Demand, OptionalLong, long)}, with {@link
   * #DEFAULT_PURE_BYTES}.
   *
   * @throws RejectedException with the reasons of {@link #judge(ByteSource, List, Demand,
   *     OptionalLong, long)}
   * @throws IOException when it cannot be read, or changed while it was read
   */
  public static BootedImage judge(
      ByteSource source, List<VerificationKey> keys, Demand demand, OptionalLong storedCounter)
      throws IOException, RejectedException {
    return judge(source, keys, demand, storedCounter, DEFAULT_PURE_BYTES);
  }

  /**
   * Accepts or throws.
   *
   * @param keys at least one
   * @param storedCounter u32, turns rollback protection on; an equal counter is accepted
   * @param maxPureBytes an image with a pure signature is held in memory, up to this length
   * @return the image as the last of the bootloaders that were asked accepted it
   * @throws RejectedException IMAGE_FORMAT, IMAGE_HASH, IMAGE_KEY_UNKNOWN, IMAGE_SIGNATURE,
   *     IMAGE_TLV_NOT_ALLOWED, IMAGE_TRAILING_BYTES, IMAGE_NOT_BOOTABLE, IMAGE_ENCRYPTED,
   *     IMAGE_COUNTER, SECURITY_COUNTER_TOO_LOW, MALFORMED, LIMIT_EXCEEDED; UNSUPPORTED_ALGORITHM
   *     for a key that no bootloader can have
   * @throws IOException when it cannot be read, or changed while it was read
   * @throws IllegalArgumentException without a key
   */
  public static BootedImage judge(
      ByteSource source,
      List<VerificationKey> keys,
      Demand demand,
      OptionalLong storedCounter,
      long maxPureBytes)
      throws IOException, RejectedException {
    if (keys.isEmpty()) {
      throw new IllegalArgumentException("no key to trust");
    }
    McubootImage image = McubootImage.read(source);
    image.header().requireBootable();
    Map<Digest, List<BootBuild>> builds = new LinkedHashMap<>();
    for (VerificationKey key : keys) {
      builds.put(key.keyId(), builds(image, key, storedCounter));
    }
    List<BootBuild> all = builds.values().stream().flatMap(List::stream).toList();
    ImageScan scan =
        ImageScan.of(source, image, ImageScan.Wanted.by(all, image), maxPureBytes, null);
    scan.hasTrailer();
    Judgement judgement = new Judgement(image, scan);
    return switch (demand) {
      case ANY -> any(judgement, builds);
      case ALL -> judgement.all(all);
    };
  }

  /** A key counts when all its builds accept. */
  private static BootedImage any(Judgement judgement, Map<Digest, List<BootBuild>> builds)
      throws RejectedException {
    List<RejectedException> refusals = new ArrayList<>();
    for (List<BootBuild> ofKey : builds.values()) {
      try {
        return judgement.all(ofKey);
      } catch (RejectedException e) {
        refusals.add(e);
      }
    }
    throw Judgement.nearest(refusals);
  }

  /**
   * The builds that the image says it is for, of those a bootloader with this key can be. Ed25519
   * has three: over SHA-256, over SHA-512, and pure; marks of several ask for each of them.
   */
  private static List<BootBuild> builds(
      McubootImage image, VerificationKey key, OptionalLong storedCounter)
      throws RejectedException {
    ImageKeyType type = ImageKeyType.of(key);
    boolean pure = type == ImageKeyType.ED25519 && BootBuild.isMarkedPure(image);
    List<ImageHash> hashes = new ArrayList<>();
    if (pure) {
      hashes.add(ImageHash.SHA512);
    } else {
      for (ImageHash hash : type.hashes()) {
        if (!image.ofType(ImageKeyType.tlvOf(hash)).isEmpty()) {
          hashes.add(hash);
        }
      }
      if (hashes.isEmpty()) {
        hashes.add(type.hashes().get(0));
      }
    }
    List<BootBuild> builds = new ArrayList<>();
    for (ImageHash hash : hashes) {
      builds.add(
          new BootBuild(type, List.of(key), hash, pure, KeyTlv.KEYHASH, true, storedCounter));
    }
    return builds;
  }
}
