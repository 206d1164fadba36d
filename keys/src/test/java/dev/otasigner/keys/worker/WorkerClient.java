package dev.otasigner.keys.worker;

import dev.otasigner.keys.worker.WorkerProtocol.Frame;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One call after another to a worker's process that nobody restarts, and that gets a SIGKILL as
 * soon as it says that it stands still.
 */
final class WorkerClient implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;

  private final Process process;
  private final DataInputStream in;
  private final CompletableFuture<String> stopped = new CompletableFuture<>();
  private int calls;

  private WorkerClient(Process process) {
    this.process = process;
    this.in = new DataInputStream(process.getInputStream());
  }

  /** The process was killed while it stood still at this moment. */
  static final class KilledException extends Exception {
    private static final long serialVersionUID = 1L;
    private final String moment;

    KilledException(String moment) {
      super(moment);
      this.moment = moment;
    }

    String moment() {
      return moment;
    }
  }

  static WorkerClient start(WorkerLaunch launch) throws IOException {
    WorkerClient client = new WorkerClient(launch.processBuilder().start());
    Thread reader = new Thread(client::watch, "killer");
    reader.setDaemon(true);
    reader.start();
    WorkerProtocol.write(client.process.getOutputStream(), WorkerProtocol.NEWS, new byte[0]);
    return client;
  }

  private void watch() {
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        if (line.startsWith(StoppingWorkerProgram.STOPPED)) {
          process.destroyForcibly(); // SIGKILL
          stopped.complete(line.substring(StoppingWorkerProgram.STOPPED.length()));
        }
      }
    } catch (IOException e) {
      // the process has ended
    }
    stopped.complete("");
  }

  /** The result; an error is thrown as the worker threw it. */
  Fields ask(WorkerCall call) throws Exception {
    if (calls == 0) {
      awaitActive();
    }
    int number = ++calls;
    try {
      WorkerProtocol.write(process.getOutputStream(), number, call.toJson().textBytes());
    } catch (IOException e) {
      throw ended("");
    }
    Fields answer = next(number);
    WorkerAnswer.requireNoError(answer);
    return answer;
  }

  private void awaitActive() throws Exception {
    Fields news = next(WorkerProtocol.NEWS);
    while (!news.string("state").equals("active")) {
      news = next(WorkerProtocol.NEWS);
    }
  }

  private Fields next(int number) throws Exception {
    StringBuilder news = new StringBuilder();
    try {
      for (Frame frame = read(); frame != null; frame = read()) {
        if (frame.call() == number) {
          return body(frame);
        }
        news.append(new String(frame.body(), StandardCharsets.UTF_8));
      }
    } catch (IOException e) {
      // killed within a frame
    }
    throw ended(news.toString());
  }

  private @Nullable Frame read() throws IOException {
    return WorkerProtocol.read(in, WorkerProtocol.MAX_BODY_BYTES);
  }

  private static Fields body(Frame frame) throws RejectedException {
    return JsonReader.readObject(frame.body(), WorkerProtocol.MAX_BODY_BYTES);
  }

  private Exception ended(String news) throws Exception {
    String moment = stopped.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    process.waitFor();
    return moment.isEmpty()
        ? new IllegalStateException("it ended by itself: " + process.exitValue() + " " + news)
        : new KilledException(moment);
  }

  /** Lets it end by itself, as a service does that ends. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // it was killed
    }
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
