package dev.otasigner.device.testing;

import dev.otasigner.device.Timer;
import java.time.Duration;
import java.util.PriorityQueue;

/** Time that passes when a test says so; what is due runs in its order, in the test's thread. */
public final class SimulatedTimer implements Timer {
  private final PriorityQueue<Task> tasks = new PriorityQueue<>();
  private Duration now = Duration.ZERO;
  private long number;

  private record Task(Duration due, long number, Runnable work) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      int byDue = due.compareTo(other.due);
      return byDue != 0 ? byDue : Long.compare(number, other.number);
    }
  }

  @Override
  public Duration now() {
    return now;
  }

  @Override
  public void after(Duration delay, Runnable task) {
    tasks.add(new Task(now.plus(delay), number++, task));
  }

  /** Lets so much time pass; also from within a task, as one that waits for the network does. */
  public void pass(Duration time) {
    Duration end = now.plus(time);
    while (!tasks.isEmpty() && tasks.peek().due().compareTo(end) <= 0) {
      Task next = tasks.remove();
      // A task that waited has let others run.
      now = next.due().compareTo(now) > 0 ? next.due() : now;
      next.work().run();
    }
    now = end.compareTo(now) > 0 ? end : now;
  }
}
