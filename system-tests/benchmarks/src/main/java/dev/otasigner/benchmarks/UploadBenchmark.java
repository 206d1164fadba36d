package dev.otasigner.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An upload of 1 GiB to the service as a user starts it, beside openssl, cp and sync with the same
 * file, which lies in the page cache. Every upload is of bytes that the service does not have yet.
 */
final class UploadBenchmark implements AutoCloseable {
  private static final int MEBIBYTES = 1024;
  private static final int ROUNDS = 5;
  private static final String PASSWORD = "signer: administrator password (shown once): ";
  private static final String LISTENING = "signer: listening on ";
  private static final Pattern ONE_TIME =
      Pattern.compile("\"oneTimePassword\"\\s*:\\s*\"([^\"]+)\"");
  private static final Pattern SECRET = Pattern.compile("\"secret\"\\s*:\\s*\"([^\"]+)\"");

  private final Path launcher;
  private final Path desk;
  private final Path file;
  private final Map<String, String> environment;
  private final Process service;
  private String address = "";

  private UploadBenchmark(Path launcher, Path desk) throws IOException {
    this.launcher = launcher;
    this.desk = desk;
    this.file = desk.resolve("file");
    this.environment =
        Map.of("SIGNER_HOME", desk.resolve("home").toString(), "SIGNER_BUILD", "off");
    ProcessBuilder builder =
        new ProcessBuilder(
            launcher.toString(), "serve", "--data", desk.resolve("data").toString(), "--port", "0");
    builder.environment().putAll(environment);
    service = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  /** Prints one table. */
  static void measure(Path launcher, PrintStream out) throws IOException {
    Path desk = Files.createTempDirectory("benchmark-");
    try (UploadBenchmark benchmark = new UploadBenchmark(launcher, desk)) {
      benchmark.measure(out);
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path left : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.deleteIfExists(left);
        }
      }
    }
  }

  private void measure(PrintStream out) throws IOException {
    String secret = signIn();
    fill();
    Path header = desk.resolve("header");
    Files.writeString(header, "Authorization: Bearer " + secret + "\n");
    List<Yardstick.Run> uploads = new ArrayList<>();
    List<Yardstick.Run> copies = new ArrayList<>();
    for (int round = 0; round <= ROUNDS; round++) {
      stamp(round);
      Yardstick.Run upload = Yardstick.run(curl(header), environment);
      forget();
      Yardstick.Run copy = Yardstick.run(hashAndCopy(), environment);
      Files.delete(desk.resolve("copy"));
      settle();
      if (round > 0) { // the first one warms up
        uploads.add(upload);
        copies.add(copy);
      }
    }
    long peak = Yardstick.highWater(service.pid()) / 1024;
    out.println("\n| 1 GiB | signer | yardstick | ratio | goal | peak memory |");
    out.println("|---|---|---|---|---|---|");
    out.println(row("curl, hashed, stored and forced by the service", uploads, copies, peak));
  }

  private static String row(
      String what, List<Yardstick.Run> ours, List<Yardstick.Run> theirs, long peakMegabytes) {
    return new Yardstick.Pair(ours, theirs)
        .row(what + ", beside `openssl dgst -sha256`, `cp` and `sync`", "2.0")
        .replaceAll("\\d+ MB \\|$", peakMegabytes + " MB of the service |");
  }

  private List<String> curl(Path header) {
    return List.of(
        "curl",
        "-sf",
        "-H",
        "@" + header,
        "-H",
        "Expect:",
        "-T",
        file.toString(),
        address + "/api/v1/payloads");
  }

  private List<String> hashAndCopy() {
    String script =
        String.format(
            Locale.ROOT,
            "openssl dgst -sha256 %1$s && cp %1$s %2$s && sync %2$s",
            file,
            desk.resolve("copy"));
    return List.of("sh", "-c", script);
  }

  /** Random bytes, which no file system makes smaller. */
  private void fill() throws IOException {
    byte[] block = new byte[1024 * 1024];
    new Random(1).nextBytes(block);
    try (OutputStream to = Files.newOutputStream(file)) {
      for (int i = 0; i < MEBIBYTES; i++) {
        to.write(block);
      }
    }
    settle();
  }

  private void stamp(int round) throws IOException {
    try (RandomAccessFile at = new RandomAccessFile(file.toFile(), "rw")) {
      at.writeInt(round);
    }
    settle();
  }

  /** What one program has left to be written must not be charged to the next. */
  private void settle() throws IOException {
    Yardstick.run(List.of("sync"), environment);
  }

  /** Removes what the service has stored, so that the disk is as empty for the next. */
  private void forget() throws IOException {
    try (Stream<Path> files = Files.walk(desk.resolve("data/payloads"))) {
      for (Path stored : files.filter(Files::isRegularFile).toList()) {
        Files.delete(stored);
      }
    }
    settle();
  }

  /** The API key of somebody who may upload. */
  private String signIn() throws IOException {
    BufferedReader said =
        new BufferedReader(new InputStreamReader(service.getInputStream(), StandardCharsets.UTF_8));
    String password = "";
    for (String line = said.readLine();
        line != null && (password.isEmpty() || address.isEmpty());
        line = said.readLine()) {
      password = line.startsWith(PASSWORD) ? line.substring(PASSWORD.length()) : password;
      address = line.startsWith(LISTENING) ? line.substring(LISTENING.length()) : address;
      if (!password.isEmpty() && !address.isEmpty()) {
        break;
      }
    }
    signIn("admin", password);
    Matcher once =
        ONE_TIME.matcher(signer("users", "add", "bench", "--role", "release-engineer", "--json"));
    if (!once.find()) {
      throw new IOException("no user was made");
    }
    signIn("bench", once.group(1));
    Matcher secret =
        SECRET.matcher(
            signer("api-keys", "create", "upload", "--role", "release-engineer", "--json"));
    if (!secret.find()) {
      throw new IOException("no API key was made");
    }
    return secret.group(1);
  }

  /** For the first time, when the password has to be replaced. */
  private void signIn(String user, String password) throws IOException {
    Path first = Files.writeString(desk.resolve("first"), password + "\n");
    Path own = Files.writeString(desk.resolve("own"), password + ", own\n");
    signer(
        "login",
        "--service",
        address,
        "--user",
        user,
        "--password-file",
        first.toString(),
        "--new-password-file",
        own.toString());
  }

  private String signer(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(List.of(arguments));
    return Yardstick.output(command, environment);
  }

  @Override
  public void close() throws IOException {
    service.destroy();
    try {
      service.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
