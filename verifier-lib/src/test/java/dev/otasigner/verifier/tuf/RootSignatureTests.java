package dev.otasigner.verifier.tuf;

import static dev.otasigner.verifier.tuf.RepositorySimulator.key;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** TUF 5.3: which signatures under a root count, and how often. */
class RootSignatureTests {
  private final RepositorySimulator repository = new RepositorySimulator();
  private final TestClient client = new TestClient(repository);

  @Test
  void aKeyThatSignsTwiceMakesTheFileInvalid() throws Exception {
    repository.publishRoot();
    Json.Obj signed = Tampering.signed(repository, Metadata.ROOT);
    KeySignature once = Tampering.signature(key(Metadata.ROOT), signed);
    Tampering.put(repository, "metadata/2.root.json", signed, once, once);
    client.assertRefused(Reason.MALFORMED, Metadata.ROOT);
  }

  @Test
  void emptyAndGarbledSignaturesBesideAThresholdAreLeftAside() throws Exception {
    TestKey[] keys = {key(Metadata.ROOT), key("second"), key("third"), key("fourth")};
    repository.keys(Metadata.ROOT, 1, keys).publishRoot();
    Json.Obj signed = Tampering.signed(repository, Metadata.ROOT);
    Tampering.put(
        repository,
        "metadata/2.root.json",
        signed,
        new KeySignature(TufKey.of(keys[1].key()).keyId(), Bytes.copyOf(new byte[0])),
        new KeySignature(TufKey.of(keys[2].key()).keyId(), Bytes.copyOf(new byte[64])),
        new KeySignature("no such key", Bytes.copyOf(new byte[3])),
        Tampering.signature(keys[0], signed));
    // The fourth stays without hex digits at all.
    String text =
        new String(repository.files().get("metadata/2.root.json"), StandardCharsets.UTF_8);
    String garbled =
        text.replaceFirst(
            "\"signatures\":\\[",
            "\"signatures\":[{\"keyid\":\""
                + TufKey.of(keys[3].key()).keyId()
                + "\",\"sig\":\"not hex\"},");
    assertThat(garbled).isNotEqualTo(text);
    repository.files().put("metadata/2.root.json", garbled.getBytes(StandardCharsets.UTF_8));
    client.refresh();
    assertThat(client.trusted(Metadata.ROOT)).isEqualTo(2);
  }

  @Test
  void aKeyUnderAnotherIdentifierNeverCounts() throws Exception {
    // The thief's key is listed under the identifier of the key that root trusts.
    repository.publishRoot();
    String trusted = TufKey.of(key(Metadata.ROOT).key()).keyId();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, Metadata.ROOT),
            "keys",
            keys -> Tampering.with(keys, trusted, key -> TufKey.of(key("thief").key()).toJson()));
    Tampering.put(
        repository,
        "metadata/2.root.json",
        signed,
        new KeySignature(trusted, Tampering.signature(key("thief"), signed).signature()));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);

    // Signed by the old key too, it gets as far as the new list, and no further.
    Tampering.put(
        repository,
        "metadata/2.root.json",
        signed,
        Tampering.signature(key(Metadata.ROOT), signed));
    client.assertRefused(Reason.KEYID_MISMATCH, Metadata.ROOT);
  }

  @Test
  void oneKeyUnderTwoIdentifiersCountsOnce() throws Exception {
    TestKey key = key(Metadata.ROOT);
    TufKey plain = TufKey.of(key.key());
    Json.Obj again = Json.object().put("x-note", "again").build();
    Map<String, Json> members = new LinkedHashMap<>(plain.toJson().members());
    members.putAll(again.members());
    Json.Obj annotated = new Json.Obj(members);
    String other = Digest.of(annotated.canonicalBytes()).hex();

    repository.publishRoot();
    Json.Obj signed =
        Tampering.with(
            Tampering.signed(repository, Metadata.ROOT),
            "keys",
            keys -> Tampering.with(keys, other, none -> annotated));
    signed =
        Tampering.with(
            signed,
            "roles",
            roles ->
                Tampering.with(
                    roles,
                    "root",
                    role ->
                        Json.object()
                            .put("keyids", Json.strings(List.of(plain.keyId(), other)))
                            .put("threshold", 2)
                            .build()));
    KeySignature signature = Tampering.signature(key, signed);
    Tampering.put(
        repository,
        "metadata/2.root.json",
        signed,
        signature,
        new KeySignature(other, signature.signature()));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
  }

  @Test
  void oneKeyUnderTwoSuitesCountsOnce() throws Exception {
    TestKey sha256 = TestKey.of(SignatureSuite.RSA_PSS_4096_SHA256);
    TestKey sha512 = sha256.as(SignatureSuite.RSA_PSS_4096_SHA512);
    assertThat(TufKey.of(sha256.key()).keyId()).isNotEqualTo(TufKey.of(sha512.key()).keyId());
    repository.keys(Metadata.ROOT, 2, sha256, sha512);
    repository.publishRoot(key(Metadata.ROOT), sha256, sha512);
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
  }

  @Test
  void aSignatureInUpperCaseHexDoesNotCount() throws Exception {
    repository.publishRoot();
    String text = new String(repository.latest(Metadata.ROOT), StandardCharsets.UTF_8);
    int from = text.indexOf("\"sig\":\"") + 7;
    int to = text.indexOf('"', from);
    String upper = text.substring(from, to).toUpperCase(Locale.ROOT);
    assertThat(upper).isNotEqualTo(text.substring(from, to));
    String changed = text.substring(0, from) + upper + text.substring(to);
    repository.files().put("metadata/2.root.json", changed.getBytes(StandardCharsets.UTF_8));
    client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
  }

  @Test
  void anUnsupportedKeyDoesNotHarmAndDoesNotCount() throws Exception {
    Json.Obj exotic =
        Json.object()
            .put("keytype", "sphincs+")
            .put("scheme", "sphincs-shake-128s")
            .put("keyval", Json.object().put("public", "00").build())
            .build();
    String exoticId = Digest.of(exotic.canonicalBytes()).hex();
    String trusted = TufKey.of(key(Metadata.ROOT).key()).keyId();
    for (int threshold = 1; threshold <= 2; threshold++) {
      int demanded = threshold;
      repository.version(Metadata.ROOT, threshold).publishRoot();
      Json.Obj signed =
          Tampering.with(
              Tampering.signed(repository, Metadata.ROOT),
              "keys",
              keys -> Tampering.with(keys, exoticId, none -> exotic));
      signed =
          Tampering.with(
              signed,
              "roles",
              roles ->
                  Tampering.with(
                      roles,
                      "root",
                      role ->
                          Json.object()
                              .put("keyids", Json.strings(List.of(trusted, exoticId)))
                              .put("threshold", demanded)
                              .build()));
      Tampering.put(
          repository,
          "metadata/" + (threshold + 1) + ".root.json",
          signed,
          Tampering.signature(key(Metadata.ROOT), signed),
          new KeySignature(exoticId, Bytes.copyOf(new byte[] {1})));
      if (threshold == 1) {
        client.refresh();
        assertThat(client.trusted(Metadata.ROOT)).isEqualTo(2);
      } else {
        client.assertRefused(Reason.BELOW_THRESHOLD, Metadata.ROOT);
      }
    }
  }
}
