package dev.otasigner.keys.backup;

import static dev.otasigner.keys.backup.Machine.OPENS_TOKEN;
import static dev.otasigner.keys.backup.Machine.SEALS_BACKUP;
import static dev.otasigner.keys.backup.Machine.image;
import static dev.otasigner.keys.backup.Machine.key;
import static dev.otasigner.keys.backup.Machine.passphrase;
import static dev.otasigner.keys.backup.Machine.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.worker.Rule;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class TokenBackupTests {
  private static final Instant NOW = Instant.parse("2026-11-22T09:30:00Z");

  @TempDir Path directory;
  private Machine old;
  private Path file;
  private TokenKey image;
  private Optional<Rule> rule;
  private Bytes released;

  @BeforeEach
  void makeKeys() throws IOException {
    file = directory.resolve("keys.backup");
    old = new Machine(directory.resolve("old"), Clock.fixed(NOW, ZoneOffset.UTC));
    try (TokenWorker worker = old.start()) {
      image = key(worker, "image", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE);
      key(worker, "roots", SignatureSuite.ML_DSA_44, KeyPurpose.ROOT);
      key(worker, "timestamp", SignatureSuite.ED25519, KeyPurpose.TIMESTAMP);
      rule = worker.rule(image.keyId());
      released = worker.sign(request(image, image("released"), NOW));
    }
  }

  private TokenRestore.Outcome restore(Path data, String seal, Clock clock, String... leaveOut)
      throws IOException {
    try (Passphrase opens = passphrase(seal)) {
      return TokenRestore.restore(
          file, opens, data, Optional.of(passphrase(OPENS_TOKEN)), Set.of(leaveOut), clock);
    }
  }

  /** An hour after the backup. */
  private Machine restored(String... leaveOut) throws IOException {
    Machine fresh =
        new Machine(directory.resolve("new"), Clock.fixed(NOW.plusSeconds(3600), ZoneOffset.UTC));
    restore(fresh.data, SEALS_BACKUP, fresh.clock, leaveOut);
    return fresh;
  }

  private SealFault faultOf(String seal) {
    SealBroken broken =
        catchThrowableOfType(
            SealBroken.class, () -> restore(directory.resolve("new"), seal, old.clock));
    assertThat(broken).as("a fault").isNotNull().hasMessageContaining(file.toString());
    assertThat(directory.resolve("new")).doesNotExist();
    return broken.fault();
  }

  @Test
  void keysAndRulesComeBackAndSign() throws Exception {
    assertThat(old.backUp(file).keys()).containsExactly("image", "roots", "timestamp");
    try (TokenWorker worker = restored().start()) {
      assertThat(worker.find("image")).contains(image);
      assertThat(worker.rule(image.keyId())).isEqualTo(rule);
      Bytes signature = worker.sign(request(image, image("new"), NOW.plusSeconds(3600)));
      image.publicKey().verifyHash(image("new").bytes().toByteArray(), signature.toByteArray());
    }
  }

  @Test
  void aRequestThatWasReleasedBeforeTheBackupGetsTheSignatureOfThen() throws Exception {
    old.backUp(file);
    try (TokenWorker worker = restored().start()) {
      assertThat(worker.sign(request(image, image("released"), NOW))).isEqualTo(released);
    }
  }

  @Test
  void theOwnerAloneReadsTheBackupAndWhatComesOutOfIt() throws Exception {
    old.backUp(file);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (Stream<Path> files = Files.walk(restored().data)) {
      assertThat(files)
          .allSatisfy(
              path ->
                  assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                      .endsWith("------"));
    }
  }

  @Test
  void noKeyMaterialShowsInTheBackup() throws Exception {
    old.backUp(file);
    String text = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    assertThat(text).doesNotContain("timestamp", "minApprovals", "requester");
  }

  @Test
  void aBackupThatIsCutShortAnywhereIsCalledTruncated() throws Exception {
    old.backUp(file);
    byte[] whole = Files.readAllBytes(file);
    for (int length = 0; length < whole.length; length += 13) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertThat(faultOf(SEALS_BACKUP)).as("%d bytes", length).isEqualTo(SealFault.TRUNCATED);
    }
    Files.write(file, Arrays.copyOf(whole, whole.length - 1));
    assertThat(faultOf(SEALS_BACKUP)).isEqualTo(SealFault.TRUNCATED);
  }

  @Test
  void aFlippedBitAnywhereIsCalledCorrupt() throws Exception {
    old.backUp(file);
    byte[] whole = Files.readAllBytes(file);
    for (int at = 0; at < whole.length; at += 11) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 0x10;
      Files.write(file, flipped);
      assertThat(faultOf(SEALS_BACKUP)).as("byte %d", at).isEqualTo(SealFault.CORRUPT);
    }
  }

  @Test
  void aWrongPassphraseIsCalledSo() throws Exception {
    old.backUp(file);
    assertThat(faultOf("another one, written on papers")).isEqualTo(SealFault.WRONG_PASSPHRASE);
  }

  /** Its digest keeps out accidents; a forger would mend that too, and meets the seal. */
  @Test
  void aHeaderThatWasRewrittenDoesNotOpen() throws Exception {
    old.backUp(file);
    byte[] whole = Files.readAllBytes(file);
    String text = new String(whole, StandardCharsets.ISO_8859_1);
    int at = text.indexOf("2026-11-22T09:30:00Z");
    whole[at + 3] = '7';
    int json = ByteBuffer.wrap(whole).getInt(8);
    byte[] digest = Digest.of(Arrays.copyOf(whole, 12 + json)).bytes();
    System.arraycopy(digest, 0, whole, 12 + json, digest.length);
    Files.write(file, whole);
    assertThat(faultOf(SEALS_BACKUP)).isEqualTo(SealFault.WRONG_PASSPHRASE);
  }

  @Test
  void chunksThatWereSwappedAreCorrupt() throws Exception {
    try (TokenWorker worker = old.start()) {
      for (int i = 0; i < 400; i++) {
        worker.sign(request(image, image("n" + i), NOW));
      }
    }
    old.backUp(file);
    byte[] whole = Files.readAllBytes(file);
    int header = 12 + ByteBuffer.wrap(whole).getInt(8) + 40;
    int chunk = 64 * 1024 + 16;
    assertThat(whole.length).isGreaterThan(header + 2 * chunk);
    byte[] first = Arrays.copyOfRange(whole, header, header + chunk);
    System.arraycopy(whole, header + chunk, whole, header, chunk);
    System.arraycopy(first, 0, whole, header + chunk, chunk);
    Files.write(file, whole);
    assertThat(faultOf(SEALS_BACKUP)).isEqualTo(SealFault.CORRUPT);
  }

  @Test
  void aSealedKeyIsNoBackup() throws Exception {
    Files.copy(old.data.resolve("token/token.seal"), file);
    assertThat(faultOf(SEALS_BACKUP)).isEqualTo(SealFault.TAMPERED);
  }

  @Test
  void nothingIsMergedIntoADirectoryThatHoldsSomething() throws Exception {
    old.backUp(file);
    Path data = Files.createDirectory(directory.resolve("new"));
    Files.createFile(data.resolve("something"));
    assertThatThrownBy(() -> restore(data, SEALS_BACKUP, old.clock))
        .isInstanceOf(NameTaken.class)
        .hasMessageContaining("not empty");
    assertThat(data).isDirectoryContaining("glob:**/something");
    assertThat(data.toFile().list()).hasSize(1);
  }

  @Test
  void anEmptyDirectoryIsTaken() throws Exception {
    old.backUp(file);
    Files.createDirectory(directory.resolve("new"));
    restored().start().close();
  }

  @Test
  void aFailedRestoreLeavesNothingBehind() throws Exception {
    old.backUp(file);
    byte[] whole = Files.readAllBytes(file);
    whole[whole.length - 12] ^= 1;
    Files.write(file, whole);
    faultOf(SEALS_BACKUP);
    assertThat(directory.toFile().list()).containsExactlyInAnyOrder("old", "keys.backup");
  }

  @Test
  void aBackupIsNotWrittenOverAnother() throws Exception {
    Files.writeString(file, "the other one");
    assertThatThrownBy(() -> old.backUp(file)).isInstanceOf(FileAlreadyExistsException.class);
    assertThat(file).hasContent("the other one");
  }

  @Test
  void aTokenInUseIsNotBackedUp() throws Exception {
    try (TokenWorker running = old.start()) {
      running.probe();
      assertThatThrownBy(() -> old.backUp(file))
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("another process holds it");
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void theTokensOwnPassphraseDoesNotSealABackup() {
    assertThatThrownBy(
            () ->
                TokenBackup.write(
                    old.data,
                    passphrase(OPENS_TOKEN),
                    passphrase(OPENS_TOKEN),
                    file,
                    Machine.CHEAP,
                    old.clock))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining("of its own");
  }

  @Test
  void aShortPassphraseDoesNotSealABackup() {
    assertThatThrownBy(
            () ->
                TokenBackup.write(
                    old.data,
                    passphrase(OPENS_TOKEN),
                    passphrase("elevenchars"),
                    file,
                    Machine.CHEAP,
                    old.clock))
        .isInstanceOf(BadKey.class)
        .hasMessageContaining("at least 12");
  }

  @Test
  void aDestroyedKeyIsNotInABackupMadeAfterwards() throws Exception {
    try (TokenWorker worker = old.start()) {
      worker.destroy(image.keyId());
    }
    assertThat(old.backUp(file).keys()).containsExactly("roots", "timestamp");
    try (TokenWorker worker = restored().start()) {
      assertThat(worker.find("image")).isEmpty();
      assertThat(worker.rule(image.keyId())).isEmpty();
    }
  }

  @Test
  void aKeyThatIsLeftOutComesBackWithoutItsRule() throws Exception {
    old.backUp(file);
    try (TokenWorker worker = restored("image").start()) {
      assertThat(worker.find("image")).isEmpty();
      assertThat(worker.rule(image.keyId())).isEmpty();
      assertThat(worker.find("roots")).isPresent();
    }
  }

  @Test
  void aNameToLeaveOutThatIsNotThereIsAMistake() throws Exception {
    old.backUp(file);
    assertThatThrownBy(() -> restored("imge"))
        .isInstanceOf(NameTaken.class)
        .hasMessageContaining("'imge'");
    assertThat(directory.resolve("new")).doesNotExist();
  }

  @Test
  void withoutAPassphraseForTheTokenARandomOneLiesBesideIt() throws Exception {
    old.backUp(file);
    Path data = directory.resolve("new");
    try (Passphrase opens = passphrase(SEALS_BACKUP)) {
      TokenRestore.restore(file, opens, data, Optional.empty(), Set.of(), old.clock);
    }
    assertThat(data.resolve("token.passphrase")).isNotEmptyFile();
    assertThat(List.of(data.toFile().list()))
        .containsExactlyInAnyOrder("token", "worker", "token.passphrase");
  }
}
