package dev.otasigner.service.catalogue;

import dev.otasigner.service.signing.BuildFiles;

/**
 * Asked before a build is offered to anybody; every bean of this type must agree. A feature that
 * knows what becomes of devices which have taken it implements it.
 */
public interface ReleaseGuard {
  /**
   * Returns when a device that has taken the build is still served.
   *
   * @throws dev.otasigner.service.problem.SignerException WOULD_STRAND otherwise
   */
  void requireHarmless(String product, BuildFiles build);
}
