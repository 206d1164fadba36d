package dev.otasigner.service;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.util.FileSystemUtils;

/** A data directory of its own for a test's service, deleted when the tests end. */
public final class TemporaryData {
  private TemporaryData() {}

  public static Path register(DynamicPropertyRegistry registry) {
    Path data = create();
    registry.add("signer.data", data::toString);
    return data;
  }

  public static Path create() {
    try {
      Path data = Files.createTempDirectory("signer-service-test");
      Runtime.getRuntime()
          .addShutdownHook(new Thread(() -> FileSystemUtils.deleteRecursively(data.toFile())));
      return data;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
