package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.RemoteWorker.Standing;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a worker's process running, and once it is active a second one, which waits for its lock.
 * Which of them is active the lock decides, and never this. After a refused PIN nothing is started
 * any more.
 */
final class WorkerSupervisor implements WorkerProcess.Watcher, AutoCloseable {
  /** What becomes of a worker that is active already and that somebody else has started. */
  enum Rivals {
    /** It is waited for. */
    AWAITED,
    /** It lost its right with the service that started it, which may be frozen. */
    OVERTAKEN
  }

  private static final Duration SETTLED = Duration.ofSeconds(10);
  private static final String ACTIVE = "a worker is active";
  private static final int CLOSING_SECONDS = 5;

  private final WorkerLaunch launch;
  private final WorkerPatience patience;
  private final byte[] pin;
  private final Consumer<String> told;
  private final Rivals rivals;
  private final ScheduledThreadPoolExecutor timer;
  // guarded by this
  private final Set<WorkerProcess> processes = new HashSet<>();
  private final Set<WorkerProcess> waiting = new HashSet<>();
  private @Nullable WorkerProcess active;
  private long activeSince;
  private long ended;
  private String trouble = "it has not started yet";
  private Duration pause;
  private boolean due;
  private boolean finished;
  private boolean closing;
  private String lastTold = "";

  /**
   * Starts nothing yet.
   *
   * @param pin for each process, in UTF-8; wiped when this is closed
   * @param told what an operator should know, each time it changes
   * @param rivals what becomes of a worker that somebody else has started
   */
  WorkerSupervisor(
      WorkerLaunch launch,
      WorkerPatience patience,
      byte[] pin,
      Consumer<String> told,
      Rivals rivals) {
    this.launch = launch;
    this.patience = patience;
    this.pin = pin;
    this.told = told;
    this.rivals = rivals;
    this.pause = patience.firstPause();
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "worker-supervisor");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
  }

  synchronized void start() {
    due = true;
    timer.execute(this::launch);
  }

  /** Asks the active process, for which it waits as long as one is on its way. */
  Fields ask(Json.Obj call, boolean makesKey) {
    return requireActive().ask(call, makesKey ? patience.making() : patience.answer());
  }

  private synchronized WorkerProcess requireActive() {
    long before = ended;
    long deadline = System.nanoTime() + patience.answer().toNanos();
    while (active == null) {
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      boolean first = due && ended == 0;
      boolean onItsWay = ended == before ? first || !processes.isEmpty() : !waiting.isEmpty();
      if (finished || left <= 0 || !onItsWay) {
        throw WorkerProcess.gone(trouble);
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new TokenUnavailable("interrupted while the worker was waited for", e);
      }
    }
    return active;
  }

  synchronized Standing standing() {
    return new Standing(
        active != null,
        active != null && !waiting.isEmpty(),
        ended,
        active != null ? Optional.empty() : Optional.of(trouble));
  }

  /** The active process, for whoever looks after it from outside; -1 when there is none. */
  synchronized long activePid() {
    return active == null ? -1 : active.pid();
  }

  private synchronized void launch() {
    due = false;
    if (finished) {
      return;
    }
    try {
      processes.add(
          WorkerProcess.start(launch.processBuilder(), pin, patience.start(), timer, this));
      notifyAll();
    } catch (IOException | RuntimeException e) {
      ended(null, "it can not be started: " + e.getMessage());
    }
  }

  @Override
  public synchronized void waits(WorkerProcess process) {
    waiting.add(process);
    if (active == null) {
      trouble = "another worker is active in its directory";
      if (rivals == Rivals.OVERTAKEN) {
        process.seize();
      }
    }
    notifyAll();
  }

  @Override
  public synchronized void active(WorkerProcess process, Recovery recovery) {
    waiting.remove(process);
    if (lastTold.isEmpty() && recovery.isClean()) {
      lastTold = ACTIVE; // as ever
    }
    tell(
        recovery.isClean()
            ? ACTIVE
            : "a worker is active; the one before was interrupted: "
                + recovery.interrupted()
                + " uses of keys had no outcome and are recorded as failed, "
                + recovery.cutBytes()
                + " bytes of an unfinished record were cut off");
    active = process;
    activeSince = System.nanoTime();
    startLater();
    notifyAll();
  }

  @Override
  public synchronized void notice(String message) {
    tell(message);
  }

  @Override
  public synchronized void ended(WorkerProcess process, int exitCode, String why) {
    if (exitCode == WorkerProgram.PIN_REFUSED && !finished) {
      finished = true;
      trouble = why;
    }
    ended(process, why);
  }

  private synchronized void ended(@Nullable WorkerProcess process, String why) {
    ended++;
    if (!closing) {
      tell("a worker's process has ended: " + why);
    }
    if (process != null) {
      processes.remove(process);
      waiting.remove(process);
    }
    if (process != null && process == active) {
      active = null;
      if (System.nanoTime() - activeSince > SETTLED.toNanos()) {
        pause = patience.firstPause();
      }
    }
    if (active == null && !finished) {
      trouble = why;
    }
    startLater();
    notifyAll();
  }

  /** A token that is away ends one process after another, for one reason. */
  private void tell(String news) {
    if (!news.equals(lastTold)) {
      lastTold = news;
      told.accept(news);
    }
  }

  /** One is wanted, and beside an active one a second. */
  private void startLater() {
    int wanted = active == null ? 1 : 2;
    if (finished || due || processes.size() >= wanted) {
      return;
    }
    due = true;
    Future<?> unused = timer.schedule(this::launch, pause.toNanos(), TimeUnit.NANOSECONDS);
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(patience.lastPause()) > 0 ? patience.lastPause() : doubled;
  }

  @Override
  public void close() {
    Set<WorkerProcess> last;
    synchronized (this) {
      finished = true;
      closing = true;
      trouble = "the service ends";
      last = Set.copyOf(processes);
      notifyAll();
    }
    last.forEach(WorkerProcess::close);
    try {
      awaitEnd();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    last.forEach(process -> process.end("the service ends"));
    timer.shutdownNow();
    Arrays.fill(pin, (byte) 0);
  }

  private synchronized void awaitEnd() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSING_SECONDS);
    while (!processes.isEmpty() && System.nanoTime() < deadline) {
      wait(100);
    }
  }
}
