package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Code that a how-to shows is code that a test runs. */
class HowToTests {
  @Test
  void theExampleOfAnEmulatedDeviceIsTheTestThatRuns() throws IOException {
    Path root = Repository.root();
    String page =
        Files.readString(root.resolve("docs/how-to/test-with-an-emulated-device.md"))
            .replace("\r\n", "\n");
    String source =
        Files.readString(
            root.resolve(
                "system-tests/src/test/java/dev/otasigner/system/EmulatedDeviceExampleIT.java"));
    assertThat(page).contains("```java\n" + source.substring(source.indexOf("@OtaService")));
  }
}
