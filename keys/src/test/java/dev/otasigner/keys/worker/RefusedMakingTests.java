package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever may ask for keys must not be able to fill the worker's file with what was refused. */
@SuppressWarnings("NullAway.Init")
class RefusedMakingTests {
  @TempDir Path directory;
  private TokenWorker worker;

  @BeforeEach
  void open() {
    try (Passphrase passphrase = Passphrase.ofPrompt("a passphrase".toCharArray())) {
      worker =
          TokenWorker.open(
              directory,
              SoftwareToken.create(directory.resolve("t"), passphrase, Argon2Cost.FOR_RANDOM),
              new MovingClock());
    }
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private static KeySpec spec(String name, SignatureSuite suite) {
    return new KeySpec(name, suite, KeyPurpose.MANIFEST);
  }

  private Path file() {
    return directory.resolve(TokenWorker.CONFIGURATION);
  }

  @Test
  void aKeyThatTheTokenDoesNotMakeLeavesNothingInTheFile() {
    WorkerConfiguration before = WorkerConfiguration.read(file());
    assertThatThrownBy(() -> worker.create(spec("k", SignatureSuite.HSS_LMS)))
        .isInstanceOf(NotSupported.class);
    assertThat(WorkerConfiguration.read(file())).isEqualTo(before);
  }

  @Test
  void aKeyThatTheTokenHoldsUnderAnotherNameLeavesNothingInTheFile() throws Exception {
    byte[] pkcs8 =
        KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate().getEncoded();
    worker.importKey(spec("first", SignatureSuite.ED25519), pkcs8.clone());
    WorkerConfiguration before = WorkerConfiguration.read(file());
    assertThatThrownBy(() -> worker.importKey(spec("second", SignatureSuite.ED25519), pkcs8))
        .isInstanceOf(NameTaken.class);
    assertThat(WorkerConfiguration.read(file())).isEqualTo(before);
  }

  @Test
  void aFileThatCouldNotBeReadAgainIsNotWritten() {
    WorkerConfiguration now = WorkerConfiguration.read(file());
    Set<String> names = new LinkedHashSet<>();
    while (now.rules().size() + names.size() < WorkerConfiguration.MAX_RULES) {
      names.add("k" + names.size());
    }
    WorkerConfiguration full =
        new WorkerConfiguration(now.token(), now.approvers(), now.rules(), now.defaults(), names);
    full.write(file());
    assertThat(WorkerConfiguration.read(file())).isEqualTo(full);
    assertThatThrownBy(() -> worker.create(spec("one-more", SignatureSuite.ED25519)))
        .isInstanceOf(NotSupported.class);
    assertThat(WorkerConfiguration.read(file())).isEqualTo(full);
    assertThat(worker.find("one-more")).isEmpty();
  }
}
