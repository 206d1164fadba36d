package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.catalogue.storage.LostException;
import java.io.BufferedReader;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A publisher in a process of its own, over a directory that it shares with others: {@code publish
 * HALT WORD} announces a head file that holds the word, and waits for a line of input at the
 * milestone of that number.
 */
public final class PublisherProgram {
  static final String HEAD = "stable/gw/head.json";

  private PublisherProgram() {}

  /** Arguments: the directory, the ledger's file, the lease in milliseconds. */
  public static void main(String[] arguments) throws Exception {
    Duration lease = Duration.ofMillis(Long.parseLong(arguments[2]));
    TestRepository repository =
        new TestRepository(Path.of(arguments[0]), false, lease, Optional.of(Path.of(arguments[1])));
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out =
        new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      String[] words = line.split(" ", -1);
      repository.haltAfter(
          Integer.parseInt(words[1]),
          milestone -> {
            out.println("at " + milestone);
            await(in);
          });
      out.println(publish(repository, words[2]));
    }
  }

  private static void await(BufferedReader in) {
    try {
      in.readLine();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String publish(TestRepository repository, String word) throws Exception {
    WantedFile head = WantedFile.of(HEAD, word.getBytes(StandardCharsets.UTF_8));
    Wanted wanted =
        new Wanted(Map.of(new ChannelRole("stable", "gw"), List.of(head)), Optional.empty());
    try {
      repository.publish(wanted, Instant.now());
      return "published " + repository.passed.size();
    } catch (LostException e) {
      return "lost";
    }
  }
}
