package dev.otasigner.verifier.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.otasigner.verifier.Bytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Test vectors made by other people's programs: the folder of the property {@code vectors.dir}, by
 * default {@code ../shared/vectors} seen from the root of the repository. A test that asks for a
 * folder which is not there is skipped by name.
 */
public final class Vectors {
  private Vectors() {}

  /** This folder of vectors. */
  public static Path folder(String name) {
    Path folder = root().resolve(name);
    Assumptions.assumeTrue(Files.isDirectory(folder), () -> "no vectors in " + folder);
    return folder;
  }

  /** Files of a folder whose names end so, sorted; there must be some. */
  public static List<Path> files(String folder, String suffix) throws IOException {
    try (Stream<Path> files = Files.list(folder(folder))) {
      List<Path> found =
          files.filter(file -> file.getFileName().toString().endsWith(suffix)).sorted().toList();
      if (found.isEmpty()) {
        throw new IllegalStateException("the folder of vectors '" + folder + "' is empty");
      }
      return found;
    }
  }

  /** The SubjectPublicKeyInfo in a PEM file. */
  public static Bytes spki(Path pem) throws IOException {
    String text = Files.readString(pem, US_ASCII);
    return Bytes.copyOf(
        Base64.getDecoder().decode(text.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "")));
  }

  private static Path root() {
    String given = System.getProperty("vectors.dir");
    if (given != null) {
      return Path.of(given);
    }
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("mvnw"))) {
      folder = folder.getParent();
      if (folder == null) {
        throw new UncheckedIOException(new IOException("not within the repository"));
      }
    }
    return folder.resolveSibling("shared").resolve("vectors");
  }
}
