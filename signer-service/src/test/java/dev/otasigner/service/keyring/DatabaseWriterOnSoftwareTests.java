package dev.otasigner.service.keyring;

import dev.otasigner.service.TemporaryData;
import java.nio.file.Path;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The keys lie in the software token. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
class DatabaseWriterOnSoftwareTests extends DatabaseWriterContract {
  private static Path worker = Path.of("");

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    worker = TemporaryData.register(registry).resolve("worker");
    ApprovingWorker.configure(worker, GUARDED, "");
  }

  @Override
  String token() {
    return "software";
  }

  @Override
  Path worker() {
    return worker;
  }
}
