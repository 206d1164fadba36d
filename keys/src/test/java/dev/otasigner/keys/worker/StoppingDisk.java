package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * A disk on which a process stands still at one moment, for somebody else to kill it there: before
 * a write, when half of it is written, after it; before and after a force, a rename or a cut.
 */
final class StoppingDisk implements Disk {
  private final long stopAt;
  private final BooleanSupplier armed;
  private final Consumer<String> told;
  private final AtomicLong moments = new AtomicLong();

  /**
   * A disk that stops once.
   *
   * @param stopAt the moment, counted from 0
   * @param armed whether moments count yet
   * @param told which one it is, before the thread stands still for good
   */
  StoppingDisk(long stopAt, BooleanSupplier armed, Consumer<String> told) {
    this.stopAt = stopAt;
    this.armed = armed;
    this.told = told;
  }

  private void moment(String what) {
    if (armed.getAsBoolean() && moments.getAndIncrement() == stopAt) {
      told.accept(what);
      while (true) {
        LockSupport.park();
      }
    }
  }

  @Override
  public void write(String what, byte[] bytes, Sink sink) throws IOException {
    moment("before: " + what);
    int half = bytes.length / 2;
    sink.write(Arrays.copyOf(bytes, half));
    moment("half done: " + what);
    sink.write(Arrays.copyOfRange(bytes, half, bytes.length));
    moment("after: " + what);
  }

  @Override
  public void step(String what, Step step) throws IOException {
    moment("before: " + what);
    step.run();
    moment("after: " + what);
  }
}
