package dev.otasigner.cli;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Where a session is kept between commands: {@code session.json} under {@code $SIGNER_HOME}, or
 * under the user's configuration directory. Only its owner may read it.
 */
public final class SessionFile {
  private static final int MAX_BYTES = 16 * 1024;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Path file;

  /**
   * One sign-in.
   *
   * @param service where the token is good, and the only place it is ever sent to
   */
  public record Session(String service, String user, String token) {}

  private SessionFile(Path file) {
    this.file = file;
  }

  public static SessionFile of(Terminal terminal) {
    return new SessionFile(home(terminal).resolve("session.json"));
  }

  private static Path home(Terminal terminal) {
    String home = terminal.environment("SIGNER_HOME");
    if (home != null) {
      return terminal.directory().resolve(home);
    }
    String config = terminal.environment("XDG_CONFIG_HOME");
    if (config != null) {
      return Path.of(config, "signer");
    }
    String user = terminal.environment("HOME");
    if (user == null) {
      throw CommandFailedException.usage("no home directory to keep the session in")
          .hint("set SIGNER_HOME to a directory of your own");
    }
    return Path.of(user, ".config", "signer");
  }

  /** The session, or nothing when there is none. */
  public Optional<Session> read() {
    try {
      if (!Files.getPosixFilePermissions(file).equals(OWNER_ONLY)) {
        throw CommandFailedException.of(
                ExitCode.NOT_ALLOWED, file + ": others can read this session")
            .hint("chmod 600 " + file);
      }
      Fields fields = JsonReader.readObject(Files.readAllBytes(file), MAX_BYTES);
      return Optional.of(
          new Session(fields.string("service"), fields.string("user"), fields.string("token")));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | RejectedException e) {
      throw CommandFailedException.of(ExitCode.NOT_ALLOWED, file + ": " + e.getMessage())
          .hint("sign in again: signer login")
          .because(e);
    }
  }

  /** Replaces the session whole: a reader sees the old one or the new one. */
  public void write(Session session) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory == null) {
      throw new IOException(file + ": no directory");
    }
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    byte[] json =
        (JsonText.of(
                    Json.object()
                        .put("service", session.service())
                        .put("user", session.user())
                        .put("token", session.token())
                        .build())
                + "\n")
            .getBytes(StandardCharsets.UTF_8);
    Path fresh = Files.createTempFile(directory, "session", ".tmp"); // created for its owner only
    try {
      Files.setPosixFilePermissions(fresh, OWNER_ONLY);
      try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
        ByteBuffer bytes = ByteBuffer.wrap(json);
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  public void delete() throws IOException {
    Files.deleteIfExists(file);
  }
}
