package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.SignedMetadata;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The examples of docs/reference/wire-contracts.md are made by the code, not typed. Documents are
 * made anew here and must have the members that the page shows, as what programs say to each other
 * has in {@link WireExchangesIT}; with {@code -Dwire.write=true} the page is rewritten.
 */
class WireContractsTests {
  private static final int MAX_BYTES = 1 << 20;

  @TempDir Path directory;

  @Test
  void thePageShowsWhatTheCodeWrites() throws Exception {
    Map<String, Example> made = new LinkedHashMap<>();
    examples().forEach((name, json) -> made.put(name, Example.of(json)));
    new WirePage("example").requireShows(made);
  }

  @Test
  void theReadersTakeWhatThePageShows() throws Exception {
    Map<String, Example> shown = new LinkedHashMap<>(new WirePage("example").shown());
    shown.putAll(new WirePage("exchange").shown());
    int read = 0;
    for (Map.Entry<String, Example> entry : shown.entrySet()) {
      byte[] bytes = entry.getValue().text().getBytes(StandardCharsets.UTF_8);
      switch (entry.getKey()) {
        case "manifest" -> Manifest.read(bytes);
        case "envelope" -> Envelope.read(bytes);
        case "head" -> Head.read(bytes);
        case "profile" -> Profile.read(bytes);
        case "device-state" -> DeviceState.read(bytes);
        case "approval" -> Approval.read(bytes);
        case "request-document" ->
            RequestDocument.read(JsonReader.read(bytes, MAX_BYTES).canonicalBytes());
        case "tuf-root" -> SignedMetadata.root(bytes, MAX_BYTES);
        case "tuf-timestamp" -> SignedMetadata.timestamp(bytes, MAX_BYTES);
        default -> {
          continue;
        }
      }
      read++;
    }
    assertThat(read).isEqualTo(9);
  }

  private Map<String, Json> examples() throws Exception {
    TestKey image = TestKey.of(SignatureSuite.RSA_PSS_2048_SHA256);
    TestKey manifest = TestKey.of(SignatureSuite.ED25519);
    Made build =
        TestBuild.of("34.12.0+0")
            .image("main", image)
            .from("34.0.0+0", "34.11.65535+4294967295")
            .requires("modem", "2.1.0+0")
            .manifestBy(manifest)
            .make();
    Map<String, Json> examples = new LinkedHashMap<>();
    examples.put("anchor", image.bootAnchor().toJson());
    examples.put("manifest", build.manifest().toJson());
    examples.put("envelope", JsonReader.read(build.envelope().toByteArray(), MAX_BYTES));
    examples.put("head", Made.head(build).toJson());
    examples.put("profile", JsonReader.read(TestFleet.factoryProfile().bytes(), MAX_BYTES));
    examples.put("device-state", TestFleet.device().toJson());
    examples.put("approval", approval().toJson());
    keysExamples(examples);
    examples.put("refusal", refusal(build, image));
    return examples;
  }

  private static Approval approval() {
    return new Approval(
        TestFleet.digest("request"),
        TestFleet.digest("policy"),
        "rita",
        "arno",
        Approval.Decision.APPROVE,
        Instant.parse("2026-12-01T00:00:00Z"),
        Bytes.copyOf(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}),
        Optional.of("release of 34.12"));
  }

  /** A worker that makes a key and signs with it: its configuration and its journal. */
  private void keysExamples(Map<String, Json> examples) throws Exception {
    Path token = Files.createDirectory(directory.resolve("token"));
    Path worker = Files.createDirectory(directory.resolve("worker"));
    try (Passphrase passphrase = Passphrase.ofPrompt("an example".toCharArray());
        TokenWorker open =
            TokenWorker.open(
                worker,
                SoftwareToken.create(token, passphrase, new Argon2Cost(1024, 1, 1)),
                Clock.systemUTC())) {
      Digest key =
          open.create(new KeySpec("image", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE))
              .publicKey()
              .keyId();
      open.sign(
          WorkerRequest.unattended(
              TestFleet.digest("request"),
              key,
              new SigningInput.Hash(Bytes.copyOf(new byte[32]), "SHA-256")));
    }
    examples.put(
        "worker-configuration",
        JsonReader.read(Files.readAllBytes(worker.resolve("worker.json")), MAX_BYTES));
    ByteBuffer journal = ByteBuffer.wrap(Files.readAllBytes(worker.resolve("journal.log")));
    int number = 0;
    // A length of zero is room for more.
    for (int length = journal.getInt(); length > 0; length = journal.getInt()) {
      byte[] json = new byte[length];
      journal.getInt(); // CRC-32C
      journal.get(json);
      Json record = JsonReader.read(json, MAX_BYTES);
      if (record instanceof Json.Obj object && object.members().containsKey("toBeSigned")) {
        examples.put("intent", record);
      } else if (record instanceof Json.Obj object && object.members().containsKey("outcome")) {
        examples.putIfAbsent("outcome", record);
      }
      number++;
    }
    assertThat(number).isGreaterThan(1);
  }

  /** What the command line says of an image with one byte appended. */
  private Json refusal(Made build, TestKey key) throws IOException, Exception {
    Operator operator = Operator.in(directory.resolve("operator"));
    byte[] image = build.image("main");
    byte[] longer = java.util.Arrays.copyOf(image, image.length + 1);
    Files.write(operator.directory().resolve("appended.img"), longer);
    String pem =
        "-----BEGIN PUBLIC KEY-----\n"
            + java.util.Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(key.key().spki().toByteArray())
            + "\n-----END PUBLIC KEY-----\n";
    Files.writeString(operator.directory().resolve("key.pem"), pem);
    Operator.Answer answer = operator.run("verify", "appended.img", "--trust", "key.pem", "--json");
    assertThat(answer.status()).isEqualTo(1);
    return answer.json().json();
  }
}
