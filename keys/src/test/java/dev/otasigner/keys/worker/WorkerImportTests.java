package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A worker over a real software token, which takes in keys of a fleet that is in the field. */
@SuppressWarnings("NullAway.Init")
class WorkerImportTests {
  private static final KeySpec SPEC =
      new KeySpec("field", SignatureSuite.ED25519, KeyPurpose.MANIFEST);

  @TempDir Path directory;
  private Worker worker;

  @BeforeEach
  void open() throws IOException {
    Path worker = Files.createDirectories(directory.resolve("worker"));
    try (Passphrase passphrase = Passphrase.ofPrompt("open sesame".toCharArray())) {
      Path token = directory.resolve("token");
      this.worker =
          TokenWorker.open(
              worker,
              SoftwareToken.existsIn(token)
                  ? SoftwareToken.open(token, passphrase)
                  : SoftwareToken.create(token, passphrase, new Argon2Cost(64, 1, 1)),
              new MovingClock());
    }
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private static byte[] key() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate().getEncoded();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path configuration() {
    return directory.resolve("worker").resolve(TokenWorker.CONFIGURATION);
  }

  @Test
  void anImportedKeyGetsARuleAndSigns() throws Exception {
    TokenKey key = worker.importKey(SPEC, key());
    Bytes signature =
        worker.sign(
            WorkerRequest.unattended(
                Digest.of(new byte[0]), key.keyId(), Contents.manifest("sensor")));
    key.publicKey()
        .verify(Contents.manifest("sensor").bytes().toByteArray(), signature.toByteArray());
  }

  @Test
  void theSameKeyAgainIsTheKeyThatIsThere() {
    byte[] pkcs8 = key();
    TokenKey first = worker.importKey(SPEC, pkcs8.clone());
    assertThat(worker.importKey(SPEC, pkcs8)).isEqualTo(first);
    assertThat(pkcs8).as("wiped").containsOnly(0);
  }

  @Test
  void anotherKeyUnderItsNameIsRefused() {
    worker.importKey(SPEC, key());
    assertThatThrownBy(() -> worker.importKey(SPEC, key()))
        .isInstanceOf(KeyOperationException.NameTaken.class);
  }

  @Test
  void theSameKeyForAnotherPurposeIsRefused() {
    byte[] pkcs8 = key();
    worker.importKey(SPEC, pkcs8.clone());
    KeySpec other = new KeySpec("field", SignatureSuite.ED25519, KeyPurpose.ROOT);
    assertThatThrownBy(() -> worker.importKey(other, pkcs8))
        .isInstanceOf(KeyOperationException.NameTaken.class);
  }

  /** Killed between key and rule; whoever asks again with another key must not get the first. */
  @Test
  void anInterruptedImportIsFinishedWithTheSameKeyOnly() throws Exception {
    byte[] pkcs8 = key();
    TokenKey first = worker.importKey(SPEC, pkcs8.clone());
    worker.close();
    WorkerConfiguration.read(configuration())
        .without(first.keyId())
        .withPending("field")
        .write(configuration());
    open();
    assertThatThrownBy(() -> worker.importKey(SPEC, key()))
        .isInstanceOf(KeyOperationException.NameTaken.class);
    assertThat(worker.rule(first.keyId())).isEmpty();
    assertThat(worker.importKey(SPEC, pkcs8)).isEqualTo(first);
    assertThat(worker.rule(first.keyId())).isPresent();
  }

  /** An operator took its rule away; importing it again must not bring it back. */
  @Test
  void anImportDoesNotGiveBackARuleThatWasTakenAway() throws Exception {
    byte[] pkcs8 = key();
    TokenKey first = worker.importKey(SPEC, pkcs8.clone());
    worker.close();
    WorkerConfiguration.read(configuration()).without(first.keyId()).write(configuration());
    open();
    assertThatThrownBy(() -> worker.importKey(SPEC, pkcs8))
        .isInstanceOf(KeyOperationException.NameTaken.class);
    assertThat(worker.rule(first.keyId())).isEmpty();
  }
}
