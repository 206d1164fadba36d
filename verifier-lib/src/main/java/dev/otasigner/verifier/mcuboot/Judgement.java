package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** One image, read once, before any number of builds. */
final class Judgement {
  private final McubootImage image;
  private final ImageScan scan;

  private Judgement(McubootImage image, ImageScan scan) {
    this.image = image;
    this.scan = scan;
  }

  /** Reads what these builds will ask for, and of that only what the image has at all. */
  static Judgement of(ByteSource source, McubootImage image, Collection<BootBuild> builds)
      throws IOException, RejectedException {
    Set<ImageHash> kinds = EnumSet.noneOf(ImageHash.class);
    boolean keep = false;
    for (BootBuild build : builds) {
      if (!image.ofType(ImageKeyType.tlvOf(build.hash())).isEmpty()) {
        kinds.add(build.hash());
        keep |= build.pure() && BootBuild.isMarkedPure(image);
      }
    }
    return new Judgement(image, ImageScan.of(source, image, kinds, keep));
  }

  boolean hasTrailer() {
    return scan.hasTrailer();
  }

  /**
   * Accepts when some build does.
   *
   * @throws RejectedException the refusal that came nearest to acceptance, the first of equals
   */
  BootedImage any(List<BootBuild> builds) throws RejectedException {
    if (builds.isEmpty()) {
      throw new RejectedException(Reason.IMAGE_KEY_UNKNOWN, "the bootloader knows no key");
    }
    List<RejectedException> refusals = new ArrayList<>();
    for (BootBuild build : builds) {
      try {
        return build.check(image, scan);
      } catch (RejectedException e) {
        refusals.add(e);
      }
    }
    throw nearest(refusals);
  }

  /**
   * Accepts when every build does; there must be one.
   *
   * @throws RejectedException the first refusal
   */
  BootedImage all(List<BootBuild> builds) throws RejectedException {
    BootedImage accepted = null;
    for (BootBuild build : builds) {
      accepted = build.check(image, scan);
    }
    if (accepted == null) {
      throw new IllegalArgumentException("no build to ask");
    }
    return accepted;
  }

  /** The refusal that came nearest to acceptance, the first of equals. */
  static RejectedException nearest(List<RejectedException> refusals) {
    RejectedException nearest = refusals.get(0);
    for (RejectedException refusal : refusals) {
      if (nearness(refusal) > nearness(nearest)) {
        nearest = refusal;
      }
    }
    return nearest;
  }

  /** An image for another kind of build is farthest, one by an unknown key less so. */
  private static int nearness(RejectedException refusal) {
    boolean otherKind =
        refusal.offset() < 0
            && (refusal.reason() == Reason.IMAGE_HASH
                || refusal.reason() == Reason.IMAGE_SIGNATURE);
    if (otherKind) {
      return 0;
    }
    return refusal.reason() == Reason.IMAGE_KEY_UNKNOWN ? 1 : 2;
  }
}
