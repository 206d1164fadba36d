package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An auditor that finds nothing is worth something only if it finds what is there. */
@SuppressWarnings("NullAway.Init")
class JournalAuditTests {
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");
  private static final Digest SECOND_SIGNATURE = Digest.of(new byte[] {9});

  @TempDir Path directory;
  private Path journal;
  private Path token;
  private Path client;
  private TokenKey key;
  private final List<Digest> requests = new ArrayList<>();

  @BeforeEach
  void work() throws Exception {
    JournalAudit.requireInstalled();
    journal = directory.resolve(TokenWorker.JOURNAL);
    token = Files.createFile(directory.resolve("token.log"));
    client = Files.createFile(directory.resolve("client.log"));
    LoggingToken logging = new LoggingToken(new FakeToken(), new ForcedLog(token));
    try (TokenWorker worker = TokenWorker.open(directory, logging, new MovingClock())) {
      key = worker.create(new KeySpec("k", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
      for (int i = 0; i < 3; i++) {
        Digest request = Digest.of(new byte[] {(byte) i});
        requests.add(request);
        Bytes signature = worker.sign(WorkerRequest.unattended(request, key.keyId(), IMAGE));
        received(request, Digest.of(signature));
      }
    }
  }

  private void received(Digest request, Digest signature) throws Exception {
    new ForcedLog(client)
        .add(
            Json.object()
                .put("request", request)
                .put("keyId", key.keyId())
                .put("toBeSigned", Digest.of(IMAGE.bytes()))
                .put("signature", signature)
                .build());
  }

  private void tokenSigned(Digest signature) throws Exception {
    new ForcedLog(token)
        .add(
            Json.object()
                .put("keyId", key.keyId())
                .put("toBeSigned", Digest.of(IMAGE.bytes()))
                .put("signature", signature)
                .build());
  }

  private JournalAudit audit(Path... snapshots) throws Exception {
    return JournalAudit.of(journal, token, client, List.of(snapshots), List.of(key.keyId()));
  }

  /** The journal with these of its records only, whole and numbered anew. */
  private byte[] rewritten(int records) throws Exception {
    byte[] bytes = Files.readAllBytes(journal);
    int at = 0;
    for (int i = 0; i < records; i++) {
      byte[] json = JournalFrame.at(bytes, at);
      at += JournalFrame.HEAD_BYTES + java.util.Objects.requireNonNull(json).length;
    }
    return Arrays.copyOf(bytes, at);
  }

  @Test
  void whatIsInOrderIsFoundInOrder() throws Exception {
    JournalAudit audit = audit(journal);
    assertThat(audit.isClean()).as("%s", audit.found().json()).isTrue();
    assertThat(audit.found().integer("signatures", 0, 100)).isEqualTo(3);
    assertThat(audit.found().integer("intents", 0, 100)).isEqualTo(3);
    assertThat(audit.found().integer("released", 0, 100)).isEqualTo(3);
  }

  @Test
  void aUseOfAKeyWithoutIntentIsCounted() throws Exception {
    tokenSigned(SECOND_SIGNATURE);
    assertThat(audit().withoutIntent()).isEqualTo(1);
  }

  @Test
  void anIntentThatWasThereAndIsNotAnyMoreIsCounted() throws Exception {
    Path snapshot = Files.copy(journal, directory.resolve("snapshot"));
    Files.write(journal, rewritten(4));
    JournalAudit audit = audit(snapshot);
    assertThat(audit.intentsLost()).isEqualTo(1);
    assertThat(audit.withoutIntent()).as("and what it stood for").isEqualTo(1);
  }

  @Test
  void aSecondSignatureForOneRequestIsCountedWhereTheClientHasIt() throws Exception {
    received(requests.get(0), SECOND_SIGNATURE);
    assertThat(audit().doubleReleases()).isEqualTo(1);
  }

  @Test
  void aSecondSignatureForOneRequestIsCountedWhereTheJournalHasIt() throws Exception {
    try (Journal open =
        Journal.open(JournalFile.on(journal), () -> {}, entry -> {}, Journal.Mark.NONE).journal()) {
      JournalEntry.Outcome outcome =
          new JournalEntry.Outcome(
              1,
              JournalEntry.GENESIS,
              JournalEntry.Result.RELEASED,
              java.util.Optional.of(SECOND_SIGNATURE),
              java.util.Optional.empty(),
              java.util.Optional.empty());
      open.append(List.of(outcome));
    }
    assertThat(audit().doubleReleases()).isEqualTo(1);
  }

  @Test
  void aSignatureThatTheTokenDidNotMakeOrTheJournalDoesNotHoldIsAProblem() throws Exception {
    received(Digest.of(new byte[] {77}), SECOND_SIGNATURE);
    assertThat(audit().found().strings("problems", 10))
        .containsExactly(
            "a client has a signature that no outcome tells of",
            "a client has a signature that the token did not make");
  }

  @Test
  void aRecordThatIsRewrittenBreaksTheChain() throws Exception {
    byte[] bytes = Files.readAllBytes(journal);
    byte[] first = java.util.Objects.requireNonNull(JournalFrame.at(bytes, 0));
    String text = new String(first, StandardCharsets.UTF_8);
    byte[] other =
        text.replace(requests.get(0).hex(), requests.get(1).hex()).getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream doctored = new ByteArrayOutputStream();
    doctored.writeBytes(JournalFrame.encode(other));
    doctored.write(
        bytes,
        JournalFrame.HEAD_BYTES + first.length,
        bytes.length - JournalFrame.HEAD_BYTES - first.length);
    Files.write(journal, doctored.toByteArray());
    assertThat(audit().found().strings("problems", 10))
        .anyMatch(problem -> problem.endsWith("does not follow the record before it"));
  }

  @Test
  void aFlippedBitBreaksTheChecksum() throws Exception {
    byte[] bytes = Files.readAllBytes(journal);
    bytes[bytes.length - 5] ^= 1;
    Files.write(journal, bytes);
    assertThat(audit().found().strings("problems", 10))
        .anyMatch(problem -> problem.startsWith("journal: no whole record at byte"));
  }
}
