package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.WorkerProtocol.Frame;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A worker that runs as a process of its own, from the side of the service. Whatever it does that
 * is not agreed ends it: it says nothing in time, or something that is no answer.
 */
final class WorkerProcess {
  private static final int EXIT_SECONDS = 5;

  /** A process whose end nobody saw: one that belongs to another user. */
  static final int UNKNOWN_EXIT = -1;

  /** Told what the process says of itself. */
  interface Watcher {
    /** It has its token, and waits until it is the only one. */
    void waits(WorkerProcess process);

    void active(WorkerProcess process, Recovery recovery);

    /** Something that an operator should know. */
    void notice(String message);

    void ended(WorkerProcess process, int exitCode, String why);
  }

  private final Process process;
  private final OutputStream out;
  private final ScheduledExecutorService timer;
  private final Watcher watcher;
  // guarded by this
  private final Map<Integer, CompletableFuture<Fields>> calls = new HashMap<>();
  private int lastCall;
  private @Nullable String why;

  private WorkerProcess(Process process, ScheduledExecutorService timer, Watcher watcher) {
    this.process = process;
    this.out = process.getOutputStream();
    this.timer = timer;
    this.watcher = watcher;
  }

  /**
   * Starts it.
   *
   * @param pin UTF-8, or empty when the worker has a file for it
   * @param toSay how long it may take to say that it has its token
   */
  static WorkerProcess start(
      ProcessBuilder command,
      byte[] pin,
      Duration toSay,
      ScheduledExecutorService timer,
      Watcher watcher)
      throws IOException {
    WorkerProcess started =
        new WorkerProcess(
            command.redirectError(ProcessBuilder.Redirect.INHERIT).start(), timer, watcher);
    Future<?> late = started.endIn(toSay, "it did not say in time that it has its token");
    Thread reader = new Thread(() -> started.read(late), "worker-" + started.process.pid());
    reader.setDaemon(true);
    reader.start();
    started.send(WorkerProtocol.NEWS, pin);
    return started;
  }

  long pid() {
    return process.pid();
  }

  private void read(Future<?> late) {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(process.getInputStream()))) {
      for (Frame frame = next(in); frame != null; frame = next(in)) {
        Fields body = JsonReader.readObject(frame.body(), WorkerProtocol.MAX_BODY_BYTES);
        if (frame.call() == WorkerProtocol.NEWS) {
          late.cancel(false);
          news(body);
        } else {
          answered(frame.call(), body);
        }
      }
    } catch (IOException | RejectedException | RuntimeException e) {
      end("it said what is no answer: " + e.getMessage());
    }
    late.cancel(false);
    int exit = exit();
    String reason = failCalls(exit);
    watcher.ended(this, exit, reason);
  }

  private static @Nullable Frame next(DataInputStream in) throws IOException {
    return WorkerProtocol.read(in, WorkerProtocol.MAX_BODY_BYTES);
  }

  private void news(Fields body) throws RejectedException {
    switch (body.string("state")) {
      case "waiting" -> watcher.waits(this);
      case "active" ->
          watcher.active(
              this,
              new Recovery(
                  body.integer("intents", 0, Long.MAX_VALUE),
                  (int) body.integer("interrupted", 0, Integer.MAX_VALUE),
                  body.integer("cutBytes", 0, Long.MAX_VALUE)));
      case "notice" -> watcher.notice(body.string("message"));
      case "failed" -> because(body.string("message"));
      default -> throw body.malformed("state", "not one of a worker's");
    }
  }

  private void answered(int call, Fields body) throws RejectedException {
    CompletableFuture<Fields> waiting;
    synchronized (this) {
      waiting = calls.remove(call);
    }
    if (waiting == null) {
      throw body.malformed("", "an answer to no call");
    }
    waiting.complete(body);
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws TokenUnavailable when none came in time; the process has ended then
   */
  Fields ask(Json.Obj call, Duration patience) {
    CompletableFuture<Fields> answer = new CompletableFuture<>();
    int number;
    synchronized (this) {
      if (why != null) {
        throw gone(why);
      }
      number = ++lastCall;
      calls.put(number, answer);
    }
    // Also ends a write that gets stuck because nobody reads.
    Future<?> late = endIn(patience, "it gave no answer in " + patience.toMillis() + " ms");
    try {
      send(number, call.textBytes());
      return answer.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TokenUnavailable("interrupted while the worker was asked", e);
    } catch (ExecutionException e) {
      throw gone(String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()));
    } finally {
      late.cancel(false);
    }
  }

  /** Tells it to take over, whoever is active in its directory. */
  void seize() {
    send(WorkerProtocol.NEWS, new byte[0]);
  }

  static TokenUnavailable gone(String why) {
    return new TokenUnavailable("the worker does not answer: " + why);
  }

  private void send(int number, byte[] body) {
    try {
      synchronized (out) {
        WorkerProtocol.write(out, number, body);
      }
    } catch (IOException e) {
      // Its end is noticed, and told with its code, where answers are read.
      Future<?> unused = endIn(Duration.ofSeconds(1), "it takes no calls: " + e.getMessage());
    }
  }

  private Future<?> endIn(Duration patience, String reason) {
    return timer.schedule(() -> end(reason), patience.toNanos(), TimeUnit.NANOSECONDS);
  }

  private synchronized void because(String reason) {
    if (why == null) {
      why = reason;
    }
  }

  /** Kills it. */
  void end(String reason) {
    because(reason);
    process.destroyForcibly();
    close();
  }

  /** Lets it end by itself. */
  void close() {
    // Apart, for what is still to be flushed may find nobody who reads.
    Thread closing =
        new Thread(
            () -> {
              try {
                out.close();
              } catch (IOException e) {
                // It has ended.
              }
            },
            "worker-closing");
    closing.setDaemon(true);
    closing.start();
  }

  private int exit() {
    try {
      if (process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS)) {
        return process.exitValue();
      }
      end("it closed its streams and did not end");
      return process.waitFor(EXIT_SECONDS, TimeUnit.SECONDS) ? process.exitValue() : UNKNOWN_EXIT;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return UNKNOWN_EXIT;
    }
  }

  private synchronized String failCalls(int exit) {
    because("its process ended with code " + exit);
    String reason = String.valueOf(why);
    calls.values().forEach(call -> call.completeExceptionally(gone(reason)));
    calls.clear();
    return reason;
  }
}
