package dev.otasigner.keys.backup;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** A service's directory, and the token and worker in it while they run. */
final class Machine {
  static final Argon2Cost CHEAP = new Argon2Cost(8, 1, 1);
  static final String OPENS_TOKEN = "the token's own";
  static final String SEALS_BACKUP = "another one, written on paper";

  final Path data;
  final Clock clock;

  Machine(Path data, Clock clock) {
    this.data = data;
    this.clock = clock;
  }

  static Passphrase passphrase(String text) {
    return Passphrase.ofPrompt(text.toCharArray());
  }

  TokenWorker start() throws IOException {
    Path token = data.resolve(TokenBackup.TOKEN);
    Path worker = Files.createDirectories(data.resolve(TokenBackup.WORKER));
    try (Passphrase opens = passphrase(OPENS_TOKEN)) {
      return TokenWorker.open(
          worker,
          SoftwareToken.existsIn(token)
              ? SoftwareToken.open(token, opens)
              : SoftwareToken.create(token, opens, CHEAP),
          clock);
    }
  }

  TokenBackup.Written backUp(Path file) throws IOException {
    try (Passphrase token = passphrase(OPENS_TOKEN);
        Passphrase seal = passphrase(SEALS_BACKUP)) {
      return TokenBackup.write(data, token, seal, file, CHEAP, clock);
    }
  }

  static TokenKey key(TokenWorker worker, String name, SignatureSuite suite, KeyPurpose purpose) {
    return worker.create(new KeySpec(name, suite, purpose));
  }

  static SigningInput image(String content) {
    return SigningInput.hash(
        Digest.of(content.getBytes(StandardCharsets.UTF_8)).bytes(), "SHA-256");
  }

  /** A request by somebody, made at a time, for one signature. */
  static WorkerRequest request(TokenKey key, SigningInput input, Instant created) {
    Bytes document =
        Bytes.copyOf(
            Json.object()
                .put("requester", "bob")
                .put("keyIds", Json.strings(List.of(key.keyId().hex())))
                .put("manifest", Digest.of(new byte[] {1}))
                .put("policy", Digest.of(new byte[] {2}))
                .put("toBeSigned", Json.strings(List.of(Digest.of(input.bytes()).hex())))
                .put("created", created)
                .build()
                .canonicalBytes());
    return new WorkerRequest(
        Digest.of(document), Optional.of(document), key.keyId(), input, List.of());
  }
}
