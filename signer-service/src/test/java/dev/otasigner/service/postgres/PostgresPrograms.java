package dev.otasigner.service.postgres;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The server's programs, and how they are run: PostgreSQL refuses to run as root, so root runs them
 * in a user namespace that has no root.
 *
 * @param bin holds initdb and postgres
 */
public record PostgresPrograms(Path bin) {
  private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

  /** Those of the newest release, from the jar on the class path. */
  static PostgresPrograms unpackedTo(Path directory) throws IOException {
    boolean arm = System.getProperty("os.arch").toLowerCase(Locale.ROOT).equals("aarch64");
    String name = arm ? "/postgres-linux-arm_64.txz" : "/postgres-linux-x86_64.txz";
    Path archive = directory.resolve("programs.txz");
    try (InputStream in = PostgresPrograms.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is not on the class path");
      }
      Files.copy(in, archive);
    }
    Path programs = Files.createDirectory(directory.resolve("programs"));
    run(List.of("tar", "-xJf", archive.toString(), "-C", programs.toString()));
    Files.delete(archive);
    return new PostgresPrograms(programs.resolve("bin"));
  }

  /** Those that Debian has installed, with pg_dump, psql and the like beside them. */
  public static Optional<PostgresPrograms> installed() throws IOException {
    if (!Files.isDirectory(DEBIAN)) {
      return Optional.empty();
    }
    try (Stream<Path> releases = Files.list(DEBIAN)) {
      return releases
          .map(release -> release.resolve("bin"))
          .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
          .max(Comparator.naturalOrder())
          .map(PostgresPrograms::new);
    }
  }

  /** The command line of one of them, run as nobody in particular. */
  List<String> command(String program, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    if (isRoot()) {
      command.addAll(List.of("unshare", "--user"));
    }
    command.add(bin.resolve(program).toString());
    command.addAll(List.of(arguments));
    return command;
  }

  private static boolean isRoot() throws IOException {
    return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
  }

  /** Makes an empty cluster; its superuser is {@code postgres}, with this password. */
  void initialise(Path data, String password) throws IOException {
    Path file = data.resolveSibling("password");
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file, password);
    // Ordered as people read, unlike the embedded database: what relies on an order has to show it.
    run(
        command(
            "initdb",
            "--pgdata=" + data,
            "--username=postgres",
            "--pwfile=" + file,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=icu",
            "--icu-locale=en-US",
            "--no-sync"));
    Files.delete(file);
  }

  static void run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(command + ": " + said);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
