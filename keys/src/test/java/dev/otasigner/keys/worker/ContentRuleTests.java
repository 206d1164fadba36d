package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.testing.TestKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ContentRuleTests {
  private static final TestKey P256 = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);
  private static final TestKey ED25519 = TestKey.of(SignatureSuite.ED25519);
  private static final String ROOT = Base64.getEncoder().encodeToString(new byte[32]);
  private static final SigningInput IMAGE_HASH = SigningInput.hash(new byte[32], "SHA-256");

  private static void accepted(KeyPurpose purpose, TestKey key, SigningInput input) {
    assertThatCode(() -> ContentRule.judge(purpose, key.key(), input)).doesNotThrowAnyException();
  }

  private static void refused(KeyPurpose purpose, TestKey key, SigningInput input) {
    Refused refusal =
        catchThrowableOfType(Refused.class, () -> ContentRule.judge(purpose, key.key(), input));
    assertThat(refusal).as("%s refuses", purpose).isNotNull();
    assertThat(refusal.code()).isEqualTo(RefusalCode.CONTENT);
  }

  /** One good content of each kind; no purpose but its own signs it. */
  private static Map<KeyPurpose, SigningInput> good() {
    Map<KeyPurpose, SigningInput> good = new EnumMap<>(KeyPurpose.class);
    good.put(KeyPurpose.IMAGE, IMAGE_HASH);
    good.put(KeyPurpose.MANIFEST, Contents.manifest("sensor"));
    good.put(KeyPurpose.ROOT, Contents.role("root"));
    good.put(KeyPurpose.TARGETS, Contents.role("targets"));
    good.put(KeyPurpose.SNAPSHOT, Contents.role("snapshot"));
    good.put(KeyPurpose.TIMESTAMP, Contents.role("timestamp"));
    good.put(KeyPurpose.AUDIT, Contents.text("ota-signer/1\n7\n" + ROOT + "\n"));
    return good;
  }

  @ParameterizedTest
  @EnumSource(KeyPurpose.class)
  void aKeySignsTheContentOfItsOwnPurposeOnly(KeyPurpose purpose) {
    good()
        .forEach(
            (other, content) -> {
              // A channel is a TUF role of type targets, too.
              boolean own =
                  other == purpose
                      || purpose == KeyPurpose.CHANNEL && other == KeyPurpose.TARGETS
                      // What is hashed nobody can tell; that is why it is a purpose of its own.
                      || purpose == KeyPurpose.BARE_DIGEST && other == KeyPurpose.IMAGE;
              if (own) {
                accepted(purpose, P256, content);
              } else {
                assertThatThrownBy(() -> ContentRule.judge(purpose, P256.key(), content))
                    .as("%s signs content of %s", purpose, other)
                    .isInstanceOfAny(Refused.class, NotSupported.class);
              }
            });
  }

  @Test
  void anEd25519ImageKeySignsTheDigestAsAMessage() {
    accepted(KeyPurpose.IMAGE, ED25519, SigningInput.message(new byte[32]));
    accepted(KeyPurpose.IMAGE, ED25519, SigningInput.message(new byte[64]));
    refused(KeyPurpose.IMAGE, ED25519, SigningInput.message(new byte[33]));
    refused(KeyPurpose.IMAGE, P256, SigningInput.message(new byte[32]));
  }

  @Test
  void anImageKeySignsAWholeImage() {
    byte[] image = new byte[100];
    System.arraycopy(new byte[] {0x3d, (byte) 0xb8, (byte) 0xf3, (byte) 0x96}, 0, image, 0, 4);
    accepted(KeyPurpose.IMAGE, ED25519, SigningInput.message(image));
    image[0] ^= 1;
    refused(KeyPurpose.IMAGE, ED25519, SigningInput.message(image));
  }

  @Test
  void theManifestTypeIsTheWireContracts() {
    assertThat(ContentRule.MANIFEST_TYPE).isEqualTo(Manifest.PAYLOAD_TYPE);
  }

  @Test
  void aManifestKeySignsNoOtherEnvelope() {
    byte[] payload = Contents.payload("sensor", "x");
    for (String type :
        new String[] {"application/vnd.in-toto+json", "", Manifest.PAYLOAD_TYPE + "x"}) {
      refused(
          KeyPurpose.MANIFEST,
          P256,
          SigningInput.message(Envelope.toBeSigned(type, Bytes.copyOf(payload))));
    }
  }

  @Test
  void aManifestKeySignsNothingAroundTheEncoding() {
    byte[] whole = Contents.manifest("sensor").bytes().toByteArray();
    refused(
        KeyPurpose.MANIFEST, P256, SigningInput.message(Arrays.copyOf(whole, whole.length + 1)));
    refused(
        KeyPurpose.MANIFEST, P256, SigningInput.message(Arrays.copyOf(whole, whole.length - 1)));
    refused(KeyPurpose.MANIFEST, P256, SigningInput.message(new byte[0]));
  }

  @Test
  void aManifestKeySignsNoPayloadThatIsNoDocument() {
    refused(KeyPurpose.MANIFEST, P256, Contents.manifestOf(new byte[] {'[', ']'}));
    refused(KeyPurpose.MANIFEST, P256, Contents.manifestOf(new byte[] {'{', '}'}));
    refused(KeyPurpose.MANIFEST, P256, Contents.manifestOf(new byte[0]));
  }

  @Test
  void aRoleThatIsNotCanonicalIsNotSigned() {
    refused(KeyPurpose.ROOT, P256, Contents.text("{ \"_type\":\"root\"}"));
    refused(KeyPurpose.ROOT, P256, Contents.text("{\"_type\":\"root\"}\n"));
    refused(KeyPurpose.ROOT, P256, Contents.text("{\"_type\":\"root\",\"_type\":\"root\"}"));
  }

  @Test
  void aRoleMayHoldAPem() {
    Json.Obj root =
        Json.object().put("_type", "root").put("pem", "-----BEGIN\nabc\n-----END\n").build();
    accepted(KeyPurpose.ROOT, P256, SigningInput.message(root.canonicalBytes()));
  }

  @Test
  void aHashOfARoleIsNotSigned() {
    byte[] role = Contents.role("timestamp").bytes().toByteArray();
    refused(KeyPurpose.TIMESTAMP, P256, SigningInput.hash(Digest.of(role).bytes(), "SHA-256"));
  }

  @Test
  void aChannelKeyDoesNotDelegate() {
    Json.Obj delegating =
        Json.object()
            .put("_type", "targets")
            .put("delegations", Json.object().put("roles", java.util.List.of()).build())
            .build();
    SigningInput input = SigningInput.message(delegating.canonicalBytes());
    accepted(KeyPurpose.TARGETS, P256, input);
    refused(KeyPurpose.CHANNEL, P256, input);
    refused(KeyPurpose.AUDIT, P256, input);
  }

  @Test
  void anAuditKeyListsCheckpointsOnly() {
    accepted(KeyPurpose.AUDIT, P256, targets("audit/checkpoint"));
    refused(KeyPurpose.AUDIT, P256, targets("stable/hw/head.json"));
  }

  private static SigningInput targets(String path) {
    Json.Obj role =
        Json.object()
            .put("_type", "targets")
            .put("targets", Json.object().put(path, Json.object().build()).build())
            .build();
    return SigningInput.message(role.canonicalBytes());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "origin\n1\n",
        "origin\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n1\nAAAA\n",
        "origin\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
        "ori\u0007gin\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
      })
  void aTextThatIsNoCheckpointIsNotSigned(String text) {
    refused(KeyPurpose.AUDIT, ED25519, Contents.text(text));
  }

  @Test
  void aCheckpointMayHaveExtensionLines() {
    accepted(KeyPurpose.AUDIT, ED25519, Contents.text("origin\n0\n" + ROOT + "\nmore\n"));
  }
}
