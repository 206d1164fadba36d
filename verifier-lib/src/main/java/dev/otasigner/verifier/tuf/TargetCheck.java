package dev.otasigner.verifier.tuf;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.IOException;
import java.io.OutputStream;

/** Hashes and counts a target on its way to its destination. */
final class TargetCheck extends OutputStream {
  private final TargetFile target;
  private final Hashes.Running hashes;
  private final OutputStream to;
  private long lengthBytes;

  TargetCheck(TargetFile target, OutputStream to) throws RejectedException {
    this.target = target;
    this.hashes = target.hashes().start();
    this.to = to;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    hashes.update(bytes, from, length);
    lengthBytes += length;
    to.write(bytes, from, length);
  }

  @Override
  public void flush() throws IOException {
    to.flush();
  }

  /** Returns only when what went through is the target. */
  void finish() throws RejectedException {
    target.requireLength(lengthBytes);
    hashes.finish(Reason.TARGET_DIGEST_MISMATCH);
  }
}
