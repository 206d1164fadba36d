package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.worker.WorkerProtocol.Frame;
import dev.otasigner.verifier.json.Json;
import java.io.DataInputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A worker as a process of its own: {@code WorkerProgram DIRECTORY}. It opens the token that {@code
 * worker.json} names, waits until it is the only worker of its directory, or is told by a second
 * frame of news that whoever is the active one there is not to be it any more, and answers {@link
 * WorkerCall}s on its standard streams until the other side closes them. One that waits is the hot
 * spare of the one that is active.
 */
public final class WorkerProgram {
  /** The other side has closed the streams. */
  static final int ENDED = 0;

  static final int BAD_COMMAND_LINE = 2;

  /** The token, or the worker's files, can not be opened now. */
  static final int NOT_OPENED = 3;

  /** The module refuses the PIN: starting this again helps nobody. */
  static final int PIN_REFUSED = 4;

  /** The token fails, which only a new process can mend. */
  static final int TOKEN_LOST = 5;

  /** What came is no frame or no call. */
  static final int BAD_CALL = 6;

  private static final int CLOSING_MILLIS = 2000;

  private final Path directory;
  private final Disk disk;
  private final TokenSource source;
  private final WorkerServer server;
  private final DataInputStream in;
  private final AtomicBoolean seizing = new AtomicBoolean();
  private final CompletableFuture<Integer> end = new CompletableFuture<>();

  /** Where the token comes from; the PIN is what was handed over. */
  interface TokenSource {
    Token open(Optional<Passphrase> pin);
  }

  WorkerProgram(Path directory, Disk disk, TokenSource source, InputStream in, OutputStream out) {
    this.directory = directory;
    this.disk = disk;
    this.source = source;
    this.in = new DataInputStream(in);
    this.server = new WorkerServer(out, end::complete);
  }

  /** Ends the process with one of this class's codes. */
  public static void main(String[] args) {
    OutputStream out = ownStandardOutput();
    if (args.length != 1) {
      System.exit(BAD_COMMAND_LINE);
    }
    Path directory = Path.of(args[0]);
    TokenSource source = pin -> ConfiguredToken.open(directory, pin, Disk.REAL);
    InputStream in = new FileInputStream(FileDescriptor.in);
    int code = new WorkerProgram(directory, Disk.REAL, source, in, out).run();
    // Not exit: a module that hangs must not hold up the end.
    Runtime.getRuntime().halt(code);
  }

  /** Standard output is for frames alone: what else is printed goes to standard error. */
  static OutputStream ownStandardOutput() {
    System.setOut(
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
    return new FileOutputStream(FileDescriptor.out);
  }

  /** Works until the streams end or the token does; returns how the process is to end. */
  int run() {
    try {
      Frame first = WorkerProtocol.read(in, WorkerProtocol.MAX_PIN_BYTES);
      if (first == null) {
        return ENDED;
      }
      if (first.call() != WorkerProtocol.NEWS) {
        return BAD_CALL;
      }
      daemon("calls", this::readCalls);
      daemon("token", () -> open(first.body()));
    } catch (IOException e) {
      return BAD_CALL;
    }
    int code = end.join();
    Thread closing = daemon("closing", server::close);
    try {
      closing.join(CLOSING_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return code;
  }

  private static Thread daemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void readCalls() {
    try {
      for (Frame frame = next(); frame != null; frame = next()) {
        if (frame.call() == WorkerProtocol.NEWS) {
          seizing.set(true);
        } else {
          server.take(frame);
        }
      }
      end.complete(ENDED);
    } catch (IOException e) {
      server.tell("failed", "what came is no call: " + e.getMessage());
      end.complete(BAD_CALL);
    }
  }

  private @Nullable Frame next() throws IOException {
    return WorkerProtocol.read(in, WorkerProtocol.MAX_BODY_BYTES);
  }

  private void open(byte[] pin) {
    Token token = null;
    boolean active = false;
    try {
      token = source.open(handedOver(pin));
      server.tell("waiting", "for the lock of " + directory);
      TokenWorker worker =
          TokenWorker.await(directory, token, Clock.systemUTC(), disk, seizing::get);
      if (token instanceof Token.Probe) {
        worker.probe(); // the token may have gone while this process waited
      }
      tellUnfinished(token);
      server.serve(worker);
      active = true;
      Recovery recovery = worker.recovery();
      server.tell(
          Json.object()
              .put("state", "active")
              .put("intents", recovery.intents())
              .put("interrupted", recovery.interrupted())
              .put("cutBytes", recovery.cutBytes())
              .build());
    } catch (PinRefused e) {
      fail(PIN_REFUSED, e);
    } catch (KeyOperationException e) {
      fail(token == null ? NOT_OPENED : TOKEN_LOST, e);
    } catch (RuntimeException | Error e) {
      fail(NOT_OPENED, new TokenUnavailable("the worker failed: " + e.getClass().getName()));
    } finally {
      if (token != null && !active) {
        end.complete(TOKEN_LOST);
      }
    }
  }

  private void tellUnfinished(Token token) {
    List<String> keys =
        token instanceof Token.Unfinished telling ? telling.unfinished() : List.of();
    if (!keys.isEmpty()) {
      server.tell(
          "notice",
          "keys whose making was interrupted lie in the token, of use to nobody; erase them there: "
              + String.join(", ", keys));
    }
  }

  private void fail(int code, KeyOperationException e) {
    server.tell("failed", String.valueOf(e.getMessage()));
    end.complete(code);
  }

  private static Optional<Passphrase> handedOver(byte[] pin) {
    if (pin.length == 0) {
      return Optional.empty();
    }
    CharBuffer decoded = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(pin));
    char[] typed = new char[decoded.remaining()];
    decoded.get(typed);
    Arrays.fill(decoded.array(), '\0');
    Arrays.fill(pin, (byte) 0);
    return Optional.of(Passphrase.ofPrompt(typed));
  }
}
