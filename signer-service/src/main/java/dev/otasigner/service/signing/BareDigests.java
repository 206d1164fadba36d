package dev.otasigner.service.signing;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.Milestones;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.fleet.ProductPolicy;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.transaction.support.TransactionOperations;

/**
 * Signs digests of images that are assembled elsewhere, where the product's policy and the worker's
 * own file both allow it. Nobody has judged what they are of: it is no build until the image is
 * pushed, and judged like any other.
 */
final class BareDigests {
  private final FleetFacts fleet;
  private final SigningKeys keys;
  private final BareDigestStore store;
  private final TransactionOperations transactions;
  private final AuditLog audit;
  private final Milestones milestones;
  private final Clock clock;

  /** Requests with the same hash code wait for each other, which harms nobody. */
  private final Object[] turns = Stream.generate(Object::new).limit(64).toArray();

  BareDigests(
      FleetFacts fleet,
      SigningKeys keys,
      BareDigestStore store,
      TransactionOperations transactions,
      AuditLog audit,
      Milestones milestones,
      Clock clock) {
    this.fleet = fleet;
    this.keys = keys;
    this.store = store;
    this.transactions = transactions;
    this.audit = audit;
    this.milestones = milestones;
    this.clock = clock;
  }

  /**
   * Signs a digest.
   *
   * @param digest hex
   * @param idempotencyKey the same key with the same digest gives the signature of then
   * @throws SignerException REFUSED with every reason, before the key is touched; CONFLICT when the
   *     idempotency key came with another digest
   */
  BareDigest sign(
      String product,
      String requester,
      @Nullable String idempotencyKey,
      String key,
      byte[] digest) {
    ProductPolicy policy = fleet.policy(product);
    Optional<SigningKey> found = keys.find(key);
    List<PolicyReason> reasons = judge(policy, product, requester, key, found, digest.length);
    if (!reasons.isEmpty()) {
      throw BuildRegistration.refused(reasons);
    }
    SigningKey signer = found.orElseThrow();
    String hex = HexFormat.of().formatHex(digest);
    BareDigest request = received(product, requester, idempotencyKey, signer, hex);
    synchronized (turns[Math.floorMod(request.id().hashCode(), turns.length)]) {
      return signedOnce(request.id(), signer, digest);
    }
  }

  /** What came twice, or was stopped by a crash, is signed once. */
  private BareDigest signedOnce(UUID id, SigningKey signer, byte[] digest) {
    BareDigest request =
        store.findById(id).orElseThrow(() -> SignerException.notFound("digest " + id));
    if (request.signatureDigest().isPresent()) {
      return request;
    }
    request.signed(
        keys.sign(
            signer.keyId(), request.document(), input(signer, digest), List.of(), keys::record));
    BareDigest signed =
        recorded(
            request,
            "digest.signed",
            Map.of("signature", request.signatureDigest().orElseThrow().hex()));
    milestones.passed("digest.signed");
    return signed;
  }

  private BareDigest received(
      String product,
      String requester,
      @Nullable String idempotencyKey,
      SigningKey key,
      String digest) {
    Optional<BareDigest> earlier = earlier(product, requester, idempotencyKey, key, digest);
    if (earlier.isPresent()) {
      return earlier.get();
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    BareDigest request =
        new BareDigest(
            UUID.randomUUID(),
            product,
            requester,
            idempotencyKey,
            key.keyId(),
            digest,
            fleet.policy(product).digest(),
            now);
    BareDigest received;
    try {
      received = recorded(request, "digest.received", Map.of());
    } catch (DataIntegrityViolationException raced) {
      return earlier(product, requester, idempotencyKey, key, digest).orElseThrow(() -> raced);
    }
    milestones.passed("digest.received");
    return received;
  }

  private Optional<BareDigest> earlier(
      String product,
      String requester,
      @Nullable String idempotencyKey,
      SigningKey key,
      String digest) {
    Optional<BareDigest> earlier =
        idempotencyKey == null
            ? Optional.empty()
            : store.findByProductAndRequesterAndIdempotencyKey(product, requester, idempotencyKey);
    if (earlier.isPresent() && !earlier.get().asksFor(key.keyId(), digest)) {
      throw SignerException.conflict(
          "idempotency key " + idempotencyKey + " came with another digest before");
    }
    return earlier;
  }

  private BareDigest recorded(BareDigest request, String action, Map<String, String> more) {
    Map<String, String> details = new java.util.TreeMap<>(more);
    details.put("unjudged", "true");
    details.put("keyId", request.keyId().hex());
    details.put("digest", request.digest());
    BareDigest saved =
        transactions.execute(
            status -> {
              BareDigest row = store.save(request);
              audit.record(action, "digest:" + request.id(), details);
              return row;
            });
    if (saved == null) {
      throw new IllegalStateException("a transaction without a result");
    }
    return saved;
  }

  private List<PolicyReason> judge(
      ProductPolicy policy,
      String product,
      String requester,
      String name,
      Optional<SigningKey> key,
      int digestBytes) {
    List<PolicyReason> reasons = new ArrayList<>();
    if (!policy.bareDigests()) {
      reasons.add(
          new PolicyReason(
              PolicyCode.BARE_DIGESTS_OFF, "the policy of " + product + " allows no bare digests"));
    }
    if (!policy.admits(requester)) {
      reasons.add(
          new PolicyReason(
              PolicyCode.REQUESTER_NOT_ALLOWED,
              requester + " may not ask for signatures of " + product));
    }
    if (policy.approvals() > 0) {
      reasons.add(notApproved("the policy of " + product));
    }
    if (key.isEmpty()) {
      reasons.add(
          new PolicyReason(PolicyCode.KEY_UNKNOWN, "key " + name + " is not in the keyring"));
    } else {
      judge(product, key.get(), digestBytes, reasons);
    }
    return reasons;
  }

  private void judge(String product, SigningKey key, int digestBytes, List<PolicyReason> reasons) {
    if (key.purpose() != KeyPurpose.BARE_DIGEST) {
      reasons.add(
          new PolicyReason(
              PolicyCode.KEY_PURPOSE,
              "key " + key.name() + " is for " + key.purpose().code() + ", not for bare-digest"));
    } else if (keys.minApprovals(key.keyId()) > 0) {
      reasons.add(notApproved("the rule of key " + key.name()));
    }
    if (key.product().isPresent() && !key.product().get().equals(product)) {
      reasons.add(
          new PolicyReason(
              PolicyCode.KEY_OTHER_PRODUCT,
              "key " + key.name() + " serves product " + key.product().get() + " alone"));
    }
    if (key.state() != KeyState.ACTIVE) {
      reasons.add(
          new PolicyReason(
              PolicyCode.KEY_NOT_ACTIVE,
              "key " + key.name() + " is " + key.state().code() + ": it signs nothing"));
    }
    String hash = key.anchor().suite().hash();
    boolean fits =
        hash == null
            ? digestBytes == 32 || digestBytes == 64
            : digestBytes == dev.otasigner.verifier.Digest.digest(hash).getDigestLength();
    if (!fits) {
      reasons.add(
          new PolicyReason(
              PolicyCode.DIGEST_LENGTH,
              "a digest of "
                  + (hash == null ? "SHA-256 or SHA-512" : hash)
                  + " is expected by key "
                  + key.name()
                  + ", not one of "
                  + digestBytes
                  + " bytes"));
    }
  }

  private static PolicyReason notApproved(String who) {
    return new PolicyReason(
        PolicyCode.NOT_APPROVABLE,
        who
            + " asks for approvals, and a bare digest can not be approved: nobody sees what it is of");
  }

  /** Ed25519 signs a digest as a message, as MCUboot does. */
  private static SigningInput input(SigningKey key, byte[] digest) {
    SignatureSuite suite = key.anchor().suite();
    return suite.hash() == null
        ? SigningInput.message(digest)
        : SigningInput.hash(digest, suite.hash());
  }
}
