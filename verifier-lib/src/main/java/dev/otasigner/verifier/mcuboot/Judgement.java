package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.util.ArrayList;
import java.util.List;

/** One image, read once, before any number of builds. */
final class Judgement {
  private final McubootImage image;
  private final ImageScan scan;

  Judgement(McubootImage image, ImageScan scan) {
    this.image = image;
    this.scan = scan;
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
