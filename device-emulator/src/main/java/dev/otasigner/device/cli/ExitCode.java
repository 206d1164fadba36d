package dev.otasigner.device.cli;

/** The exit codes of {@code signer device}, as far as they are not picocli's. */
final class ExitCode {
  static final int DONE = 0;
  static final int REFUSED = 1;
  static final int USAGE = 2;
  static final int UNREACHABLE = 3;

  private ExitCode() {}
}
