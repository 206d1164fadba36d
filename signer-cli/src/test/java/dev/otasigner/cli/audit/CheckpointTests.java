package dev.otasigner.cli.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class CheckpointTests {
  private static final String ORIGIN = "audit.example/log";
  private static final Digest HEAD = Digest.of("head".getBytes(UTF_8));

  private final KeyPair pair = generate();
  private final AuditKey key = auditKey(pair);

  private static KeyPair generate() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static AuditKey auditKey(KeyPair pair) {
    try {
      return AuditKey.read(
          "-----BEGIN PUBLIC KEY-----\n"
              + Base64.getEncoder().encodeToString(pair.getPublic().getEncoded())
              + "\n-----END PUBLIC KEY-----\n");
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] note(String body, KeyPair signer) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(signer.getPrivate());
    signature.update(body.getBytes(UTF_8));
    ByteArrayOutputStream marked = new ByteArrayOutputStream();
    marked.writeBytes(auditKey(signer).hash(ORIGIN));
    marked.writeBytes(signature.sign());
    String line = Base64.getEncoder().encodeToString(marked.toByteArray());
    return (body + "\n\u2014 " + ORIGIN + " " + line + "\n").getBytes(UTF_8);
  }

  private static String body(long size) {
    return ORIGIN + "\n" + size + "\n" + Base64.getEncoder().encodeToString(HEAD.bytes()) + "\n";
  }

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(call)
        .extracting(RejectedException::reason)
        .isEqualTo(reason);
  }

  @Test
  void aCheckpointOfTheAuditKeyIsRead() throws Exception {
    assertThat(Checkpoint.read(note(body(7), pair), key))
        .isEqualTo(new Checkpoint(ORIGIN, 7, HEAD));
  }

  @Test
  void aCheckpointByAnotherKeyIsRefused() throws Exception {
    byte[] note = note(body(7), generate());
    refused(Reason.UNKNOWN_KEY, () -> Checkpoint.read(note, key));
  }

  @Test
  void aCheckpointChangedAfterSigningIsRefused() throws Exception {
    byte[] changed =
        new String(note(body(7), pair), UTF_8).replace("\n7\n", "\n6\n").getBytes(UTF_8);
    refused(Reason.BAD_SIGNATURE, () -> Checkpoint.read(changed, key));
  }

  @Test
  void whatIsNoCheckpointIsRefused() {
    refused(Reason.MALFORMED, () -> Checkpoint.read("a\nb\n".getBytes(UTF_8), key));
  }

  private static LogTree log(String... records) throws IOException {
    return LogTree.read(
        new ByteArrayInputStream((String.join("\n", records) + "\n").getBytes(UTF_8)));
  }

  private static Checkpoint vouching(LogTree tree) {
    return new Checkpoint(ORIGIN, tree.size(), tree.root(tree.size()));
  }

  @Test
  void aLogThatOnlyGrewIsTheOneVouchedFor() throws Exception {
    vouching(log("a", "b", "c")).requireHeadOf(log("a", "b", "c", "d"));
  }

  @Test
  void aRecordChangedSinceTheCheckpointIsNoticed() throws Exception {
    Checkpoint before = vouching(log("a", "b", "c"));
    refused(Reason.METADATA_DIGEST_MISMATCH, () -> before.requireHeadOf(log("a", "B", "c", "d")));
  }

  @Test
  void aRecordTakenAwaySinceTheCheckpointIsNoticed() throws Exception {
    Checkpoint before = vouching(log("a", "b", "c"));
    refused(Reason.METADATA_ROLLED_BACK, () -> before.requireHeadOf(log("a", "b")));
    refused(Reason.METADATA_DIGEST_MISMATCH, () -> before.requireHeadOf(log("a", "c", "d")));
  }
}
