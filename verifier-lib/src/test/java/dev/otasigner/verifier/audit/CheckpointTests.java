package dev.otasigner.verifier.audit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.security.KeyPair;
import java.util.Base64;
import java.util.HexFormat;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class CheckpointTests {
  private static final Digest HEAD = Digest.of("head".getBytes(UTF_8));
  private static final Checkpoint SEVEN = new Checkpoint("audit.example/log", 7, HEAD);

  private final KeyPair pair = SignedCheckpoint.keyPair();
  private final AuditKey key = SignedCheckpoint.key(pair);

  private String note() {
    return new String(SignedCheckpoint.note(SEVEN, pair), UTF_8);
  }

  private static void refused(Reason reason, ThrowingCallable call) {
    assertThatExceptionOfType(RejectedException.class)
        .isThrownBy(call)
        .extracting(RejectedException::reason)
        .isEqualTo(reason);
  }

  private void malformed(String note) {
    refused(Reason.MALFORMED, () -> Checkpoint.read(note.getBytes(UTF_8), key));
  }

  @Test
  void aCheckpointOfTheAuditKeyIsRead() throws Exception {
    assertThat(Checkpoint.read(note().getBytes(UTF_8), key)).isEqualTo(SEVEN);
    assertThat(Checkpoint.readUnverified(note().getBytes(UTF_8))).isEqualTo(SEVEN);
  }

  /** RFC 8032 7.1, key of test 1: the note below was made by hand from the two specifications. */
  @Test
  void theFormIsThatOfTheSpecification() throws Exception {
    byte[] raw =
        HexFormat.of().parseHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    byte[] spki = new byte[44];
    System.arraycopy(HexFormat.of().parseHex("302a300506032b6570032100"), 0, spki, 0, 12);
    System.arraycopy(raw, 0, spki, 12, 32);
    AuditKey known = AuditKey.ofSpki(Bytes.copyOf(spki));
    byte[] hashed = new byte["example.com/log42".length() + 34];
    System.arraycopy("example.com/log42\n".getBytes(UTF_8), 0, hashed, 0, 18);
    hashed[18] = 1;
    System.arraycopy(raw, 0, hashed, 19, 32);
    byte[] marked = new byte[68];
    System.arraycopy(Digest.of(hashed).bytes(), 0, marked, 0, 4);
    String text =
        "example.com/log42\n7\n" + Base64.getEncoder().encodeToString(HEAD.bytes()) + "\n";
    String expected =
        text + "\n\u2014 example.com/log42 " + Base64.getEncoder().encodeToString(marked) + "\n";
    Checkpoint checkpoint = new Checkpoint("example.com/log42", 7, HEAD);
    assertThat(new String(checkpoint.text(), UTF_8)).isEqualTo(text);
    assertThat(new String(checkpoint.note(known, new byte[64]), UTF_8)).isEqualTo(expected);
  }

  @Test
  void aCheckpointByAnotherKeyIsRefused() {
    byte[] note = SignedCheckpoint.note(SEVEN, SignedCheckpoint.keyPair());
    refused(Reason.UNKNOWN_KEY, () -> Checkpoint.read(note, key));
  }

  @Test
  void aSignatureUnderAnotherNameIsNobodys() {
    String other = note().replace("\u2014 audit.example/log ", "\u2014 audit.example/other ");
    refused(Reason.UNKNOWN_KEY, () -> Checkpoint.read(other.getBytes(UTF_8), key));
  }

  @Test
  void aCheckpointChangedAfterSigningIsRefused() {
    String smaller = note().replace("\n7\n", "\n6\n");
    refused(Reason.BAD_SIGNATURE, () -> Checkpoint.read(smaller.getBytes(UTF_8), key));
    String longer = note().replace("\n\n", "\nextension\n\n");
    refused(Reason.BAD_SIGNATURE, () -> Checkpoint.read(longer.getBytes(UTF_8), key));
  }

  @Test
  void noBitOfACheckpointCanBeFlipped() {
    byte[] note = note().getBytes(UTF_8);
    for (int bit = 0; bit < note.length * 8; bit++) {
      byte[] flipped = note.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      assertThatExceptionOfType(RejectedException.class)
          .as("bit %d", bit)
          .isThrownBy(() -> Checkpoint.read(flipped, key));
    }
  }

  @Test
  void signaturesOfOthersAreLeftAlone() throws Exception {
    String witness = "\u2014 witness.example " + Base64.getEncoder().encodeToString(new byte[76]);
    String first = note().replace("\n\n", "\n\n" + witness + "\n");
    assertThat(Checkpoint.read(first.getBytes(UTF_8), key)).isEqualTo(SEVEN);
    assertThat(Checkpoint.read((note() + witness + "\n").getBytes(UTF_8), key)).isEqualTo(SEVEN);
  }

  @Test
  void aWrongSignatureBesideARightOneIsRefused() {
    String[] lines = note().split("\n", -1);
    byte[] marked = Base64.getDecoder().decode(lines[4].substring(lines[4].lastIndexOf(' ') + 1));
    marked[40] ^= 1;
    String wrong = "\u2014 audit.example/log " + Base64.getEncoder().encodeToString(marked) + "\n";
    refused(Reason.BAD_SIGNATURE, () -> Checkpoint.read((note() + wrong).getBytes(UTF_8), key));
  }

  /** A note whose only fault can be its text: the audit key has signed it. */
  private String signed(String text) {
    String line = note().substring(note().indexOf("\n\n") + 2);
    byte[] signature = SignedCheckpoint.signature(text.getBytes(UTF_8), pair);
    byte[] marked = Base64.getDecoder().decode(line.substring(line.lastIndexOf(' ') + 1).strip());
    System.arraycopy(signature, 0, marked, 4, signature.length);
    return text + "\n\u2014 audit.example/log " + Base64.getEncoder().encodeToString(marked) + "\n";
  }

  @Test
  void extensionLinesArePartOfWhatIsSigned() throws Exception {
    String note = signed(new String(SEVEN.text(), UTF_8) + "extension\n");
    assertThat(Checkpoint.read(note.getBytes(UTF_8), key)).isEqualTo(SEVEN);
  }

  @Test
  void noSignatureMakesUpForAMalformedText() {
    String text = new String(SEVEN.text(), UTF_8);
    malformed(signed(text + "exten\tsion\n"));
    malformed(signed(text + "\nextension\n"));
    malformed(signed(text.replace("\n7\n", "\n07\n")));
  }

  @Test
  void aMalformedSignatureBesideARightOneIsRefused() {
    String witness = Base64.getEncoder().encodeToString(new byte[76]);
    malformed(note() + "\u2014 wit+ness " + witness + "\n");
    malformed(note() + "\u2014 witness " + Base64.getEncoder().encodeToString(new byte[4]) + "\n");
    malformed(note() + "\u2014 witness " + witness);
    malformed(note() + "witness " + witness + "\n");
  }

  @Test
  void whatIsNoCheckpointIsRefused() {
    malformed("");
    malformed("a\nb\n");
    malformed("a\n1\n\n\u2014 a AAAAAAA=\n");
    malformed(new String(SEVEN.text(), UTF_8));
    malformed(new String(SEVEN.text(), UTF_8) + "\n");
    malformed(note().substring(0, note().length() - 1));
    malformed(note().replace("\u2014 ", "- "));
    malformed(note().replace("\n7\n", "\n7\n\n"));
  }

  @Test
  void aSizeThatIsNotInPlainDecimalIsRefused() {
    for (String size :
        new String[] {"07", "+7", "-7", " 7", "7.0", "0x7", "", "99999999999999999999", "٧"}) {
      malformed(note().replace("\n7\n", "\n" + size + "\n"));
    }
  }

  @Test
  void aRootThatIsNoSha256HashIsRefused() {
    malformed(note().replace(Bytes.copyOf(HEAD.bytes()).base64(), "AAAA"));
    malformed(note().replace(Bytes.copyOf(HEAD.bytes()).base64(), "A".repeat(43) + "?"));
  }

  @Test
  void anOriginThatNamesNoKeyIsRefused() {
    malformed(note().replaceFirst("audit.example/log", "audit example"));
    malformed(note().replaceFirst("audit.example/log", "audit+example"));
    malformed(note().replaceFirst("audit.example/log", "audit\u00a0example"));
    malformed(note().replaceFirst("audit.example/log", "x".repeat(256)));
    assertThatThrownBy(() -> new Checkpoint("a b", 1, HEAD))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void controlCharactersAndBrokenUtf8AreRefused() {
    malformed(note().replace("\n7\n", "\n7\r\n"));
    byte[] broken = note().getBytes(UTF_8);
    broken[3] = (byte) 0xff;
    refused(Reason.MALFORMED, () -> Checkpoint.read(broken, key));
  }

  @Test
  void aCheckpointOverItsLimitIsRefusedUnread() {
    byte[] large = new byte[Checkpoint.MAX_BYTES + 1];
    refused(Reason.LIMIT_EXCEEDED, () -> Checkpoint.read(large, key));
  }

  @Test
  void tooManySignaturesAreRefused() {
    String witness = "\u2014 w " + Base64.getEncoder().encodeToString(new byte[68]) + "\n";
    String note = note() + witness.repeat(64);
    refused(Reason.LIMIT_EXCEEDED, () -> Checkpoint.read(note.getBytes(UTF_8), key));
  }

  @Test
  void aKeyIsReadFromItsPem() throws Exception {
    String pem =
        "-----BEGIN PUBLIC KEY-----\n" + key.key().spki().base64() + "\n-----END PUBLIC KEY-----\n";
    assertThat(AuditKey.ofPem(pem)).isEqualTo(key);
    refused(Reason.MALFORMED, () -> AuditKey.ofPem("nothing"));
    refused(Reason.LIMIT_EXCEEDED, () -> AuditKey.ofPem(" ".repeat(5000)));
  }
}
