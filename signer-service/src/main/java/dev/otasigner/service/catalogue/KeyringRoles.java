package dev.otasigner.service.catalogue;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.KeySignatures;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.tuf.Metadata;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A repository's role keys in the service's keyring, under names that follow from what they are
 * for, so that a key made before a crash is found again.
 */
final class KeyringRoles implements RoleKeyring {
  private static final int MAX_NAME = 32;

  /** Small, fetched often; what they can do without the others is freeze. */
  private static final Set<String> ONE_KIND = Set.of(Metadata.SNAPSHOT, Metadata.TIMESTAMP);

  private final Keyring keyring;
  private final KeySignatures signatures;
  private final LineageKey lineage;
  private final boolean postQuantum;

  KeyringRoles(Keyring keyring, KeySignatures signatures, LineageKey lineage, boolean postQuantum) {
    this.keyring = keyring;
    this.signatures = signatures;
    this.lineage = lineage;
    this.postQuantum = postQuantum;
  }

  /** What a role of such a lineage is signed with: a key of each suite. */
  static List<SignatureSuite> suites(String role, boolean postQuantum) {
    return postQuantum && !ONE_KIND.contains(role)
        ? List.of(SignatureSuite.ED25519, SignatureSuite.ML_DSA_65)
        : List.of(SignatureSuite.ED25519);
  }

  @Override
  public List<VerificationKey> keysOf(String role) {
    return suites(role, postQuantum).stream().map(suite -> key(role, suite)).toList();
  }

  private VerificationKey key(String role, SignatureSuite suite) {
    String name = nameOf(role, suite);
    KeyEntry entry =
        keyring
            .find(name)
            .orElseGet(
                () -> keyring.create(name, purposeOf(role), suite, Optional.of(lineage.product())));
    if (entry.state() == KeyState.PRE_ACTIVATION) {
      keyring.activate(entry.keyId());
    }
    return entry.key();
  }

  @Override
  public byte[] sign(VerificationKey key, byte[] canonical) {
    return signatures.sign(key.keyId(), SigningInput.message(canonical));
  }

  private static KeyPurpose purposeOf(String role) {
    return switch (role) {
      case Metadata.ROOT -> KeyPurpose.ROOT;
      case Metadata.TARGETS -> KeyPurpose.TARGETS;
      case Metadata.SNAPSHOT -> KeyPurpose.SNAPSHOT;
      case Metadata.TIMESTAMP -> KeyPurpose.TIMESTAMP;
      case Publisher.AUDIT -> KeyPurpose.AUDIT;
      default -> KeyPurpose.CHANNEL;
    };
  }

  /** Readable where it fits, and unique in any case. */
  private String nameOf(String role, SignatureSuite suite) {
    String whole = String.join("/", lineage.product(), lineage.name(), role, suite.code());
    String digest = Digest.of(whole.getBytes(StandardCharsets.UTF_8)).hex().substring(0, 10);
    String kind = suite.isPostQuantum() ? "-pq" : "";
    String words = lineage.product() + "-" + role.replace('.', '-');
    int room = MAX_NAME - digest.length() - kind.length() - 1;
    return (words.length() > room ? words.substring(0, room) : words) + kind + "-" + digest;
  }
}
