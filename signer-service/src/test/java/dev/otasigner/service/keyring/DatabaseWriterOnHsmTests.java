package dev.otasigner.service.keyring;

import dev.otasigner.keys.SoftHsmDirectory;
import dev.otasigner.service.TemporaryData;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** The keys lie behind PKCS#11, and the worker is a process of its own. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@SuppressWarnings("NullAway.Init")
class DatabaseWriterOnHsmTests extends DatabaseWriterContract {
  private static SoftHsmToken hsm;

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) throws Exception {
    hsm = SoftHsmToken.register(registry, TemporaryData.register(registry), GUARDED);
  }

  @BeforeAll
  static void requireSoftHsm() {
    SoftHsmDirectory.requireModule();
  }

  @Override
  String token() {
    return "hsm";
  }

  @Override
  Path worker() {
    return hsm.worker();
  }
}
