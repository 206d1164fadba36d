package dev.otasigner.device.flash;

/**
 * The power failed during a flash operation. Nobody on the device may catch this: whatever ran is
 * gone, and only the flash remains.
 */
public final class PowerCutException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PowerCutException(String operation) {
    super("power cut during " + operation);
  }
}
