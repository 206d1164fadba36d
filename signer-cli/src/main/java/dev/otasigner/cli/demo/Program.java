package dev.otasigner.cli.demo;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * One program of the demo: the launcher, run in a directory of this program's own, with an
 * environment that names no other's.
 *
 * @param words what comes before the arguments, such as {@code device}
 */
record Program(Stage stage, Path launcher, Path directory, List<String> words) {
  private static final int TIMEOUT_SECONDS = 60;

  Program {
    words = List.copyOf(words);
  }

  /** Runs to its end. */
  Output run(String... arguments) throws IOException, StepFailedException {
    Process process = stage.start(builder(arguments));
    process.getOutputStream().close();
    CompletableFuture<String> out = reading(process.getInputStream());
    CompletableFuture<String> err = reading(process.getErrorStream());
    List<String> command = new ArrayList<>(List.of("signer"));
    command.addAll(words);
    command.addAll(List.of(arguments));
    try {
      if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new StepFailedException(
            "`" + String.join(" ", command) + "` did not end in " + TIMEOUT_SECONDS + " s");
      }
      return new Output(command, process.exitValue(), out.join(), err.join());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (CompletionException e) {
      throw new IOException("output of " + command, e);
    }
  }

  /** Runs to its end while the story goes on. */
  CompletableFuture<Output> running(String... arguments) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return run(arguments);
          } catch (IOException | StepFailedException e) {
            throw new CompletionException(e);
          }
        });
  }

  /** What a program that was left running has answered. */
  static Output ended(CompletableFuture<Output> running) throws IOException, StepFailedException {
    try {
      return running.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof StepFailedException failed) {
        throw failed;
      }
      throw new IOException(e.getCause());
    }
  }

  /** Starts it and lets it run; its output is the caller's to read, both streams in one. */
  Process start(String... arguments) throws IOException {
    Process process = stage.start(builder(arguments).redirectErrorStream(true));
    process.getOutputStream().close();
    return process;
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>(List.of(launcher.toString()));
    command.addAll(words);
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
    Map<String, String> environment = builder.environment();
    environment.put("SIGNER_BUILD", "off");
    environment.put("SIGNER_HOME", directory.toString());
    environment.remove("SIGNER_SERVICE");
    environment.remove("SIGNER_API_KEY");
    return builder;
  }

  private static CompletableFuture<String> reading(InputStream stream) {
    return CompletableFuture.supplyAsync(
        () -> {
          try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}
