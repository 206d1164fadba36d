package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UsageTests {
  private static final Digest SOME = Digest.of(new byte[] {1});
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /** A key that signs every hour for years must not fill the memory of a worker. */
  @Test
  void usesOfEarlierDaysAreForgotten() {
    Usage usage = new Usage(Optional.empty());
    for (int hour = 0; hour < 10_000; hour++) {
      usage.recorded(
          new JournalEntry.Intent(
              hour + 1L, SOME, SOME, SOME, SOME, List.of(), START.plusSeconds(3600L * hour)));
    }
    assertThat(usage.remembered()).isEqualTo(24);
  }

  @Test
  void aWrongSignatureTakesTheKeyOutOfServiceOnAFullDiskToo(@TempDir Path directory) {
    FakeDisk disk = new FakeDisk();
    FakeToken token = new FakeToken();
    try (TokenWorker worker = TokenWorker.open(directory, token, new MovingClock(), () -> disk)) {
      TokenKey key = worker.create(new KeySpec("k", SignatureSuite.ED25519, KeyPurpose.MANIFEST));
      WorkerRequest request =
          WorkerRequest.unattended(SOME, key.keyId(), Contents.manifest("sensor"));
      token.signsWrongly = true;
      token.beforeSigning = input -> disk.roomBytes = (int) disk.sizeBytes();
      assertThatThrownBy(() -> worker.sign(request)).isInstanceOf(WrongSignature.class);
      token.signsWrongly = false;
      token.beforeSigning = input -> {};
      disk.roomBytes = Integer.MAX_VALUE;
      Refused refused = catchThrowableOfType(Refused.class, () -> worker.sign(request));
      assertThat(refused).as("a refusal").isNotNull();
      assertThat(refused.code()).isEqualTo(RefusalCode.OUT_OF_SERVICE);
    }
  }
}
