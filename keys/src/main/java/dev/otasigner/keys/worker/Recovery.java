package dev.otasigner.keys.worker;

/**
 * What a worker found in its journal when it started.
 *
 * @param intents uses of keys ever begun, and approvals ever taken back
 * @param interrupted intents that a crash left without an outcome; recorded as failed since
 * @param cutBytes length of a torn record at the end, which was never acknowledged; kept beside the
 *     journal
 */
public record Recovery(long intents, int interrupted, long cutBytes) {
  public boolean isClean() {
    return interrupted == 0 && cutBytes == 0;
  }
}
