package dev.otasigner.device.agent;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;

/**
 * The device was away for so long that the service neither takes its certificate nor renews it. No
 * update leads out of this: somebody has to vouch for the device anew.
 */
public final class CertificateEndedException extends IOException {
  /** For how long after its end a certificate is still renewed; the wire contracts say so. */
  public static final Duration RENEWABLE = Duration.ofDays(180);

  private static final long serialVersionUID = 1L;

  CertificateEndedException(Instant end, IOException cause) {
    super(
        "the device's certificate ended at "
            + end
            + ", and the service renews none that ended more than "
            + RENEWABLE.toDays()
            + " days ago: the device can be saved by another one-time secret and a new enrolment,"
            + " and by no update ("
            + cause.getMessage()
            + ")",
        cause);
  }
}
