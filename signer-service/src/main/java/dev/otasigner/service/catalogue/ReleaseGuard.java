package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.BuildFiles;

/**
 * Asked before a build is offered to anybody, and before it is offered to fewer; every bean of this
 * type must agree. A feature that knows what becomes of devices implements it.
 */
public interface ReleaseGuard {
  /**
   * Returns when every device that is served still is once it has taken the build. Nobody can
   * accept that some are not: what they have taken is not taken back.
   *
   * @param bridge whether every lineage announces it
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  void requireHarmless(ReleaseName release, boolean bridge, BuildFiles build);

  /**
   * Returns when every device is still led to the head of its channel and hardware, but for those
   * that whoever decides has named.
   *
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  default void requireUnneeded(Narrowing change, KnownStranded known) {}

  /**
   * Returns when no device runs the build, or needs it as the next one.
   *
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  default void requireForgettable(String product, BuildFiles build) {}
}
