package dev.otasigner.device.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The service's program, running: started, waited for until it has said where it listens, and
 * listened to from then on.
 */
public final class ServiceProgram {
  private static final String LISTENING = "signer: listening on ";
  private static final String PASSWORD = "signer: administrator password (shown once): ";
  private static final String STANDING_BY = "signer: stand-by on port ";

  private final Process process;
  private final String address;
  private final @Nullable String password;
  private final List<String> later = new CopyOnWriteArrayList<>();

  private ServiceProgram(Process process, String address, @Nullable String password) {
    this.process = process;
    this.address = address;
    this.password = password;
  }

  /**
   * Starts it, and returns when it listens or stands by.
   *
   * @param builder the command; its output is read here
   * @param log what it writes to its error stream is appended to
   * @param first on a new directory, so that it has an administrator's password to tell
   * @throws IOException with all that it has said, when it ends before it listens
   */
  public static ServiceProgram start(ProcessBuilder builder, Path log, boolean first)
      throws IOException {
    Process process = builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile())).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String address = null;
    String password = null;
    StringBuilder said = new StringBuilder();
    while (address == null || first && password == null) {
      String line = out.readLine();
      if (line == null) {
        throw new IOException("the service did not start:\n" + said + Files.readString(log));
      }
      said.append(line).append('\n');
      address = line.startsWith(LISTENING) ? line.substring(LISTENING.length()) : address;
      password = line.startsWith(PASSWORD) ? line.substring(PASSWORD.length()) : password;
      if (line.startsWith(STANDING_BY)) {
        address = "http://127.0.0.1:" + line.substring(STANDING_BY.length());
        break;
      }
    }
    ServiceProgram program = new ServiceProgram(process, address, password);
    program.drain(out);
    return program;
  }

  private void drain(BufferedReader out) {
    Thread reader =
        new Thread(
            () -> {
              try (out) {
                for (String line = out.readLine(); line != null; line = out.readLine()) {
                  later.add(line); // in nobody's way
                }
              } catch (IOException e) {
                // The process is gone.
              }
            },
            "service-output");
    reader.setDaemon(true);
    reader.start();
  }

  public Process process() {
    return process;
  }

  /** Where it is managed, such as {@code http://127.0.0.1:8080}. */
  public String address() {
    return address;
  }

  /** The administrator's first password, of a new directory. */
  public Optional<String> password() {
    return Optional.ofNullable(password);
  }

  /** Whether it has said such a line since it listens. */
  public boolean said(String beginning) {
    return later.stream().anyMatch(line -> line.startsWith(beginning));
  }
}
