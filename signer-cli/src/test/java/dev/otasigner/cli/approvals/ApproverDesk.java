package dev.otasigner.cli.approvals;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.cli.CommandLines;
import dev.otasigner.cli.Terminal;
import dev.otasigner.cli.local.KeygenCommand;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.dsse.Envelope;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An approver with a key, a terminal and a service. */
final class ApproverDesk {
  private final Path directory;
  final List<String> questions = new ArrayList<>();
  final FakeRequests service;
  private final VerificationKey key;
  String out = "";
  String err = "";

  ApproverDesk(Path directory) throws Exception {
    this.directory = directory;
    service = new FakeRequests();
    KeyPair pair = KeygenCommand.generate("ecdsa-p256");
    Files.writeString(
        directory.resolve("alice.pem"),
        KeygenCommand.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
    key =
        VerificationKey.of(
            SignatureSuite.ECDSA_P256_SHA256, Bytes.copyOf(pair.getPublic().getEncoded()));
  }

  int signer(@Nullable String answer, String... arguments) {
    ByteArrayOutputStream standard = new ByteArrayOutputStream();
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    Terminal terminal =
        new Terminal(
            new PrintStream(standard, true, StandardCharsets.UTF_8),
            new PrintStream(error, true, StandardCharsets.UTF_8),
            directory,
            Map.of("SIGNER_SERVICE", service.address(), "SIGNER_API_KEY", "k", "SIGNER_HOME", "h"),
            question -> {
              questions.add(question);
              return answer == null ? null : answer.toCharArray();
            });
    int code = CommandLines.run(terminal, arguments);
    out = standard.toString(StandardCharsets.UTF_8);
    err = error.toString(StandardCharsets.UTF_8);
    return code;
  }

  int approve(@Nullable String answer, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "approvals", "approve", FakeRequests.ID, "--key", "alice.pem", "--as", "alice"));
    arguments.addAll(List.of(more));
    return signer(answer, arguments.toArray(String[]::new));
  }

  void refused(String why) {
    assertThat(approve("yes")).as(err).isEqualTo(1);
    assertThat(err).contains(why);
    assertThat(questions).isEmpty();
    assertThat(service.handedIn).isEmpty();
  }

  Approval handedIn() throws Exception {
    Envelope envelope = service.handedIn.orElseThrow();
    assertThat(envelope.signatures()).hasSize(1);
    assertThat(envelope.validSigners(List.of(key))).containsExactly(key.keyId());
    return Approval.read(envelope.payloadOf(Approval.PAYLOAD_TYPE).toByteArray());
  }
}
