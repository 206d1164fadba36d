package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.json.Json;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** TUF 5.7. */
class TargetDownloadTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aTargetIsFetchedByItsHash() throws Exception {
    TargetFile target = repository.add("targets", "dir/t.bin", "content");
    repository.publish();
    Updater updater = client.refresh();
    assertThat(updater.fetchTarget("dir/t.bin", 100)).isEqualTo(utf8("content"));
    assertThat(updater.location(target))
        .isEqualTo("targets/dir/" + Digest.of(utf8("content")) + ".t.bin");
    assertThat(repository.requests()).endsWith(updater.location(target));
  }

  @Test
  void customFieldsComeAlong() throws Exception {
    Json.Obj custom = Json.object().put("note", "x").build();
    TargetFile target = TargetFile.of("t", utf8("content")).withCustom(custom);
    repository.list("targets", target);
    repository.publish();
    assertThat(client.refresh().find("t")).hasValue(target);
    assertThat(target.sha256()).hasValue(Digest.of(utf8("content")));
  }

  @Test
  void anUnlistedTargetIsNotFound() throws Exception {
    Updater updater = client.refresh();
    TestClient.assertRefused(Reason.TARGET_NOT_FOUND, () -> updater.fetchTarget("t", 100));
  }

  @Test
  void aChangedTargetIsRefused() throws Exception {
    TargetFile target = repository.add("targets", "t", "content");
    repository.publish();
    Updater updater = client.refresh();
    repository.files().put(updater.location(target), utf8("c0ntent"));
    TestClient.assertRefused(Reason.TARGET_DIGEST_MISMATCH, () -> updater.fetchTarget(target, 100));
  }

  @Test
  void aTargetThatBreaksOffIsRefused() throws Exception {
    TargetFile target = repository.add("targets", "t", "content");
    repository.publish();
    Updater updater = client.refresh();
    repository.files().put(updater.location(target), utf8("conte"));
    TestClient.assertRefused(
        Reason.TARGET_LENGTH_MISMATCH,
        () -> updater.downloadTarget(target, new ByteArrayOutputStream()));
  }

  @Test
  void aTargetLongerThanListedIsCutOff() throws Exception {
    TargetFile target = repository.add("targets", "t", "content");
    repository.publish();
    Updater updater = client.refresh();
    repository.files().put(updater.location(target), utf8("content and more"));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TestClient.assertRefused(Reason.LIMIT_EXCEEDED, () -> updater.downloadTarget(target, out));
    assertThat(out.size()).isLessThanOrEqualTo("content".length());
  }

  @Test
  void anEndlessStreamIsReadOneByteTooFar() {
    long[] read = new long[1];
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            read[0]++;
            return 'x';
          }

          @Override
          public int read(byte[] bytes, int from, int length) {
            read[0] += length;
            return length;
          }
        };
    TestClient.assertRefused(
        Reason.LIMIT_EXCEEDED, () -> Fetcher.copy(endless, 100_000, new ByteArrayOutputStream()));
    assertThat(read[0]).isEqualTo(100_001);
  }

  @Test
  void aStreamOfExactlyTheLimitIsTaken() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Fetcher.copy(new ByteArrayInputStream(new byte[100_000]), 100_000, out);
    assertThat(out.size()).isEqualTo(100_000);
  }

  @Test
  void theCallersLimitHoldsWhateverIsListed() throws Exception {
    TargetFile target = repository.add("targets", "t", "content");
    repository.publish();
    Updater updater = client.refresh();
    repository.requests().clear();
    TestClient.assertRefused(Reason.LIMIT_EXCEEDED, () -> updater.fetchTarget("t", 6));
    assertThat(repository.requests()).isEmpty();
    assertThat(updater.fetchTarget(target, 7)).hasSize(7);
  }

  @Test
  void aMissingFileIsNoRefusal() throws Exception {
    repository.list("targets", TargetFile.of("t", utf8("content")));
    repository.publish();
    Updater updater = client.refresh();
    assertThatExceptionOfType(NotFoundException.class)
        .isThrownBy(() -> updater.fetchTarget("t", 100));
  }

  @Test
  void everyListedHashIsChecked() throws Exception {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("sha256", Digest.of(utf8("content")).hex());
    hashes.put("sha512", "00".repeat(64));
    TargetFile target = new TargetFile("t", 7, new Hashes(hashes), Optional.empty());
    TestClient.assertRefused(Reason.TARGET_DIGEST_MISMATCH, () -> target.verify(utf8("content")));
  }

  @Test
  void aTargetWithSha512AloneIsFetchedByThat() throws Exception {
    String sha512 =
        java.util.HexFormat.of().formatHex(Digest.digest("SHA-512").digest(utf8("content")));
    TargetFile target =
        new TargetFile("t", 7, new Hashes(Map.of("sha512", sha512)), Optional.empty());
    repository.list("targets", target);
    repository.publish();
    repository.files().put("targets/" + sha512 + ".t", utf8("content"));
    assertThat(client.refresh().fetchTarget("t", 7)).isEqualTo(utf8("content"));
    assertThat(target.sha256()).isEmpty();
  }

  @Test
  void ofSeveralHashesSha256NamesTheFile() {
    Map<String, String> hashes = new LinkedHashMap<>();
    hashes.put("sha512", "00".repeat(64));
    hashes.put("sha256", "11".repeat(32));
    TargetFile target = new TargetFile("t", 7, new Hashes(hashes), Optional.empty());
    assertThat(target.location(true)).isEqualTo("11".repeat(32) + ".t");
  }

  @Test
  void aSha256OfAnotherLengthIsNoDigest() {
    TargetFile target =
        new TargetFile("t", 7, new Hashes(Map.of("sha256", "11")), Optional.empty());
    assertThat(target.sha256()).isEmpty();
  }

  @Test
  void aHeldFileOfAnotherLengthIsRefusedByItsLength() {
    TargetFile target = TargetFile.of("t", utf8("content"));
    TestClient.assertRefused(Reason.TARGET_LENGTH_MISMATCH, () -> target.verify(utf8("conten")));
  }

  @Test
  void aTargetWithAnUnknownHashIsRefused() throws Exception {
    TargetFile target =
        new TargetFile(
            "t",
            7,
            new Hashes(Map.of("sha256", Digest.of(utf8("content")).hex(), "md9", "00")),
            Optional.empty());
    TestClient.assertRefused(Reason.UNSUPPORTED_ALGORITHM, () -> target.verify(utf8("content")));
  }

  @Test
  void pathsAreEncodedOnceForTheirUrl() throws Exception {
    TargetFile target = repository.add("targets", "a b/34.12.0+0%.bin?", "content");
    repository.publish();
    assertThat(client.refresh().fetchTarget(target, 7)).isEqualTo(utf8("content"));
    assertThat(repository.requests().get(repository.requests().size() - 1))
        .startsWith("targets/a%20b/")
        .endsWith(".34.12.0+0%25.bin%3F");
  }

  @Test
  void aHeldFileIsVerifiedAsAStream() throws Exception {
    TargetFile target = TargetFile.of("t", utf8("content"));
    target.verify(new ByteArrayInputStream(utf8("content")));
    TestClient.assertRefused(
        Reason.TARGET_DIGEST_MISMATCH,
        () -> target.verify(new ByteArrayInputStream(utf8("c0ntent"))));
  }

  /** What a fetcher calls is its own affair. */
  @Test
  void aTargetThatIsWrittenByteByByteIsVerifiedAndFlushed() throws Exception {
    boolean[] flushed = new boolean[1];
    ByteArrayOutputStream out =
        new ByteArrayOutputStream() {
          @Override
          public void flush() {
            flushed[0] = true;
          }
        };
    TargetCheck check = new TargetCheck(TargetFile.of("t", utf8("content")), out);
    for (byte b : utf8("content")) {
      check.write(b);
    }
    check.flush();
    check.finish();
    assertThat(out.toByteArray()).isEqualTo(utf8("content"));
    assertThat(flushed[0]).isTrue();
  }
}
