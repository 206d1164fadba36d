package dev.otasigner.service.catalogue;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.KeySignatures;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.tuf.Metadata;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.springframework.jdbc.core.simple.JdbcClient;

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
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration POLL = Duration.ofMillis(20);

  private final JdbcClient jdbc;

  KeyringRoles(
      Keyring keyring,
      KeySignatures signatures,
      LineageKey lineage,
      boolean postQuantum,
      JdbcClient jdbc) {
    this.jdbc = jdbc;
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
    int generation = generation(role);
    return suites(role, postQuantum).stream().map(suite -> key(role, suite, generation)).toList();
  }

  /** Also one that was stopped: it is nobody else's, and publishing with it says what is wrong. */
  @Override
  public boolean holds(VerificationKey key) {
    return keyring
        .find(key.keyId().hex())
        .filter(entry -> entry.key().equals(key))
        .filter(entry -> entry.product().map(lineage.product()::equals).orElse(true))
        .isPresent();
  }

  /** How often the role's keys were replaced, counted from one. */
  private int generation(String role) {
    return jdbc.sql(
            "select generation from catalogue_role_key"
                + " where product = ? and lineage = ? and role = ?")
        .params(lineage.product(), lineage.name(), role)
        .query(Integer.class)
        .optional()
        .orElse(1);
  }

  /** Has new keys take the place of the newest; they sign once root or targets names them. */
  List<VerificationKey> replace(String role) {
    int updated =
        jdbc.sql(
                "update catalogue_role_key set generation = generation + 1"
                    + " where product = ? and lineage = ? and role = ?")
            .params(lineage.product(), lineage.name(), role)
            .update();
    if (updated == 0) {
      jdbc.sql(
              "insert into catalogue_role_key (product, lineage, role, generation)"
                  + " values (?, ?, ?, 2)")
          .params(lineage.product(), lineage.name(), role)
          .update();
    }
    return keysOf(role);
  }

  private VerificationKey key(String role, SignatureSuite suite, int generation) {
    String name = nameOf(role, suite, generation);
    KeyEntry entry = keyring.find(name).orElseGet(() -> made(name, role, suite));
    if (entry.state() == KeyState.PRE_ACTIVATION) {
      keyring.activate(entry.keyId());
    }
    return entry.key();
  }

  /** A new key, or the one that somebody else is making at this moment. */
  private KeyEntry made(String name, String role, SignatureSuite suite) {
    try {
      return keyring.create(name, purposeOf(role), suite, Optional.of(lineage.product()));
    } catch (SignerException e) {
      if (e.type() != ProblemType.CONFLICT) {
        throw e;
      }
      return awaited(name).orElseThrow(() -> e);
    }
  }

  /** The token has it before its row is committed, and then it is activated. */
  private Optional<KeyEntry> awaited(String name) {
    long end = System.nanoTime() + PATIENCE.toNanos();
    Optional<KeyEntry> found = keyring.find(name);
    while (found.filter(key -> key.state() != KeyState.PRE_ACTIVATION).isEmpty()
        && System.nanoTime() < end) {
      LockSupport.parkNanos(POLL.toNanos());
      found = keyring.find(name);
    }
    return found;
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
  private String nameOf(String role, SignatureSuite suite, int generation) {
    String first = String.join("/", lineage.product(), lineage.name(), role, suite.code());
    String whole = generation == 1 ? first : first + "/" + generation;
    String digest = Digest.of(whole.getBytes(StandardCharsets.UTF_8)).hex().substring(0, 10);
    String kind = suite.isPostQuantum() ? "-pq" : "";
    String words = lineage.product() + "-" + role.replace('.', '-');
    int room = MAX_NAME - digest.length() - kind.length() - 1;
    return (words.length() > room ? words.substring(0, room) : words) + kind + "-" + digest;
  }
}
