package dev.otasigner.service.keyring;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** A worker whose own file says that Alice approves. */
final class ApprovingWorker {
  static final TestKey ALICE = TestKey.of(SignatureSuite.ED25519, "alice");

  static final Digest POLICY = Digest.of(new byte[] {1});

  /** The same in every document of a run: the same one has to have the same digest. */
  private static final Instant CREATED =
      Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime())
          .truncatedTo(ChronoUnit.SECONDS);

  private ApprovingWorker() {}

  /**
   * Writes the file before the service starts.
   *
   * @param approved purposes whose keys ask for one approval each time; the others sign unattended
   * @param more members besides, each with a comma behind it
   */
  static void configure(Path worker, Set<KeyPurpose> approved, String more) {
    List<String> defaults = new ArrayList<>();
    for (KeyPurpose purpose : KeyPurpose.values()) {
      if (purpose != KeyPurpose.APPROVAL) {
        defaults.add(
            String.format(
                Locale.ROOT,
                "{'purpose':'%s','minApprovals':%d}",
                purpose.code(),
                approved.contains(purpose) ? 1 : 0));
      }
    }
    String json =
        "{'schema':1,"
            + more
            + "'approvers':[{'person':'alice','spki':'"
            + ALICE.key().spki().base64()
            + "'}],'rules':[],'defaults':["
            + String.join(",", defaults)
            + "]}";
    try {
      DurableFile.createDirectories(worker);
      DurableFile.replace(
          worker.resolve("worker.json"), json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What is approved: this use of the key, over these bytes. */
  static Bytes document(KeyEntry key, SigningInput input, String requester) {
    return Bytes.copyOf(
        Json.object()
            .put("requester", requester)
            .put("keyIds", Json.strings(List.of(key.keyId().hex())))
            .put("manifest", POLICY)
            .put("policy", POLICY)
            .put("created", CREATED)
            .put("toBeSigned", Json.strings(List.of(Digest.of(input.bytes()).hex())))
            .build()
            .canonicalBytes());
  }

  /** An approver's envelope. */
  static Bytes word(Bytes document, String requester, String approver, TestKey signer) {
    Approval word =
        new Approval(
            Digest.of(document),
            POLICY,
            requester,
            approver,
            Approval.Decision.APPROVE,
            CREATED.plus(Approval.LONGEST),
            Bytes.copyOf(new byte[Approval.NONCE_BYTES]),
            Optional.empty());
    Envelope envelope =
        new Envelope(Approval.PAYLOAD_TYPE, Bytes.copyOf(word.toJson().textBytes()), List.of());
    return Bytes.copyOf(signer.sign(envelope).toBytes());
  }
}
