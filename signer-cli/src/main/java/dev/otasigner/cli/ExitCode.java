package dev.otasigner.cli;

/** What the process answers to its caller. */
public enum ExitCode {
  /** Done, or accepted. */
  DONE(0),
  /** Refused, or verification failed. */
  REFUSED(1),
  /** The command line cannot be understood. */
  USAGE(2),
  /** The service or the network cannot be reached. */
  UNREACHABLE(3),
  /** Still waiting for approval. */
  WAITING(4),
  /** Not signed in, or not allowed. */
  NOT_ALLOWED(5);

  private final int status;

  ExitCode(int status) {
    this.status = status;
  }

  public int status() {
    return status;
  }
}
