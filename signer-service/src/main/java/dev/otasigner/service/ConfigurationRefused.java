package dev.otasigner.service;

/** The service's configuration asks for something that is not done; it does not start. */
public final class ConfigurationRefused extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * The end of a start.
   *
   * @param message names the property, and what is expected of it
   */
  public ConfigurationRefused(String message) {
    super(message);
  }
}
