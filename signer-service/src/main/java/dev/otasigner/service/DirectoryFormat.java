package dev.otasigner.service;

import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * Keeps an older service from a data directory that a newer one has had: it would not know what it
 * reads. The number is that of the newest migration of the database; it is looked at before the
 * database is opened, which changes its file.
 */
final class DirectoryFormat {
  private static final String FILE = "format";
  private static final int MAX_DIGITS = 9;
  private static final Pattern MIGRATION = Pattern.compile("V(\\d{1,9})__\\w+\\.sql");

  private DirectoryFormat() {}

  /** The directory is for a newer service. */
  static final class NewerException extends IOException {
    private static final long serialVersionUID = 1L;

    NewerException(String found, int known) {
      super("its format is " + found + ", and this service knows up to " + known);
    }
  }

  /**
   * Leaves this service's number where no higher one stands. A directory without any is older.
   *
   * @throws NewerException when a higher number stands there; nothing is changed then
   */
  static void claim(Path data) throws IOException {
    int known = known();
    Path file = data.resolve(FILE);
    if (Files.exists(file)) {
      String found = Files.readString(file).strip();
      if (!found.matches("\\d{1," + MAX_DIGITS + "}") || Integer.parseInt(found) > known) {
        throw new NewerException(found, known);
      }
      if (Integer.parseInt(found) == known) {
        return;
      }
    }
    DurableFile.replace(file, (known + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** The newest migration of this service. */
  static int known() throws IOException {
    int newest = 0;
    for (Resource resource :
        new PathMatchingResourcePatternResolver().getResources("classpath*:db/**/V*.sql")) {
      Matcher name = MIGRATION.matcher(String.valueOf(resource.getFilename()));
      if (name.matches()) {
        newest = Math.max(newest, Integer.parseInt(name.group(1)));
      }
    }
    return newest;
  }
}
