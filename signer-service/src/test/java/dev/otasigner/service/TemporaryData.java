package dev.otasigner.service;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.util.FileSystemUtils;

/**
 * A data directory of its own for a test's service, deleted when the tests end. One administrator
 * is enough there: what two are for has a test of its own.
 */
public final class TemporaryData
    implements ApplicationContextInitializer<ConfigurableApplicationContext> {

  @Override
  public void initialize(ConfigurableApplicationContext context) {
    TestPropertyValues.of("signer.data=" + create(), "signer.access.four-eyes=false")
        .and(TestDatabase.properties())
        .applyTo(context);
  }

  public static Path register(DynamicPropertyRegistry registry) {
    Path data = create();
    registry.add("signer.data", data::toString);
    registry.add("signer.access.four-eyes", () -> "false");
    TestDatabase.properties().forEach((name, value) -> registry.add(name, () -> value));
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
