package dev.otasigner.verifier.fuzz;

import java.lang.management.ManagementFactory;

/** What a call costs the thread that makes it. */
final class Cost {
  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private Cost() {}

  /** Something to be measured. */
  interface Call {
    void run() throws Exception;
  }

  /** Bytes allocated by the second call: the first loads classes. */
  static long bytes(Call call) throws Exception {
    call.run();
    long before = THREADS.getCurrentThreadAllocatedBytes();
    call.run();
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }

  /** The cheapest of some calls in processor time: what else the machine does is not in it. */
  static long nanoseconds(int calls, Call call) throws Exception {
    long cheapest = Long.MAX_VALUE;
    for (int i = 0; i < calls; i++) {
      long before = THREADS.getCurrentThreadCpuTime();
      call.run();
      cheapest = Math.min(cheapest, THREADS.getCurrentThreadCpuTime() - before);
    }
    return Math.max(1, cheapest);
  }
}
