package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The real worker's process, but that it stands still at one of the moments in which it changes the
 * disk, says so on standard error, and that its token writes down what it signs.
 */
public final class StoppingWorkerProgram {
  static final String STOP_AT = "worker.stop";

  /** A file: moments count as long as it is there. */
  static final String ARMED = "worker.armed";

  static final String TOKEN_LOG = "worker.token-log";
  static final String STOPPED = "stopped: ";

  private StoppingWorkerProgram() {}

  public static void main(String[] args) {
    OutputStream out = WorkerProgram.ownStandardOutput();
    PrintStream err =
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
    Path directory = Path.of(args[0]);
    Path armed = Path.of(System.getProperty(ARMED));
    Disk disk =
        new StoppingDisk(
            Long.getLong(STOP_AT, -1),
            () -> Files.exists(armed),
            what -> err.println(STOPPED + what));
    ForcedLog log = new ForcedLog(Path.of(System.getProperty(TOKEN_LOG)));
    int code =
        new WorkerProgram(
                directory,
                disk,
                pin -> new LoggingToken(ConfiguredToken.open(directory, pin, disk), log),
                new FileInputStream(FileDescriptor.in),
                out)
            .run();
    Runtime.getRuntime().halt(code);
  }
}
