package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.WorkerProtocol.Frame;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** Answers calls, several at a time, each on a thread of its own. */
final class WorkerServer implements AutoCloseable {
  /** Calls that are under way at once; a caller beyond them waits in the pipe. */
  static final int MAX_CALLS = 16;

  private final OutputStream out;
  private final IntConsumer end;
  private final Semaphore room = new Semaphore(MAX_CALLS);
  private final ExecutorService callers = Executors.newFixedThreadPool(MAX_CALLS);
  private final AtomicBoolean probing = new AtomicBoolean();
  private volatile @Nullable Worker worker;

  /**
   * Writes answers there.
   *
   * @param end told a code of {@link WorkerProgram} when the process has to end
   */
  WorkerServer(OutputStream out, IntConsumer end) {
    this.out = out;
    this.end = end;
  }

  /** Calls are answered from now on. */
  void serve(Worker active) {
    worker = active;
  }

  /** Takes a call, and returns when there is room for the next one. */
  void take(Frame frame) throws IOException {
    WorkerCall call;
    try {
      call = WorkerCall.read(frame.body());
    } catch (RejectedException | IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
    room.acquireUninterruptibly();
    callers.execute(
        () -> {
          try {
            answer(frame.call(), call);
          } finally {
            room.release();
          }
        });
  }

  private void answer(int number, WorkerCall call) {
    Worker active = worker;
    if (active == null) {
      send(number, WorkerAnswer.error(new TokenUnavailable("this worker is not the active one")));
      return;
    }
    try {
      send(number, call.ask(active));
    } catch (RuntimeException e) {
      send(number, WorkerAnswer.error(e));
      if (e instanceof TokenUnavailable) {
        requireSigns(active);
      }
    } catch (Error e) {
      // out of memory, a library that is missing: a fresh process may fare better
      send(number, WorkerAnswer.error(new TokenUnavailable("the worker failed: " + e)));
      end.accept(WorkerProgram.TOKEN_LOST);
    }
  }

  /** The JDK does not find a token again that was lost: a new process does. */
  private void requireSigns(Worker active) {
    if (!probing.compareAndSet(false, true)) {
      return;
    }
    try {
      active.probe();
    } catch (KeyOperationException e) {
      tell("failed", String.valueOf(e.getMessage()));
      end.accept(WorkerProgram.TOKEN_LOST);
    } finally {
      probing.set(false);
    }
  }

  void tell(String state, String message) {
    tell(Json.object().put("state", state).put("message", message).build());
  }

  void tell(Json.Obj news) {
    send(WorkerProtocol.NEWS, news);
  }

  private void send(int number, Json.Obj body) {
    byte[] json = body.textBytes();
    if (json.length > WorkerProtocol.MAX_BODY_BYTES) {
      json = WorkerAnswer.error(new TokenUnavailable("the answer is too long")).textBytes();
    }
    try {
      synchronized (out) {
        WorkerProtocol.write(out, number, json);
      }
    } catch (IOException e) {
      end.accept(WorkerProgram.ENDED); // nobody reads any more
    }
  }

  /** Lets calls that are under way end, and closes the worker. */
  @Override
  public void close() {
    callers.shutdown();
    try {
      if (!callers.awaitTermination(1, TimeUnit.SECONDS)) {
        return; // the journal tells the next worker what was under way
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    Worker active = worker;
    if (active != null) {
      active.close();
    }
  }
}
