package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.approval.Approval;
import dev.otasigner.keys.approval.Approval.Decision;
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The worker of a key that two people must approve, against everybody who would have it sign. */
@SuppressWarnings("NullAway.Init")
class WorkerApprovalTests {
  private static final TestKey ALICE = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "alice");
  private static final TestKey BOB = TestKey.of(SignatureSuite.ED25519, "bob");
  private static final TestKey CAROL = TestKey.of(SignatureSuite.ED25519, "carol");
  private static final TestKey BOBS_SECOND = TestKey.of(SignatureSuite.ED25519, "bob-2");
  private static final TestKey EVE = TestKey.of(SignatureSuite.ED25519, "eve");
  private static final Digest POLICY = Digest.of(new byte[] {1});
  private static final Bytes NONCE = Bytes.copyOf(new byte[Approval.NONCE_BYTES]);
  private static final SigningInput IMAGE = SigningInput.hash(new byte[32], "SHA-256");

  @TempDir Path directory;
  private final FakeToken token = new FakeToken();
  private final MovingClock clock = new MovingClock();
  private Worker worker;
  private TokenKey image;
  private TokenKey manifest;

  @BeforeEach
  void open() {
    Map<KeyPurpose, WorkerConfiguration.Default> defaults = new EnumMap<>(KeyPurpose.class);
    defaults.put(KeyPurpose.IMAGE, new WorkerConfiguration.Default(2, Optional.empty()));
    defaults.put(KeyPurpose.MANIFEST, new WorkerConfiguration.Default(1, Optional.empty()));
    List<Approver> approvers =
        List.of(
            new Approver("alice", ALICE.key()),
            new Approver("bob", BOB.key()),
            new Approver("bob", BOBS_SECOND.key()),
            new Approver("Carol", CAROL.key()));
    new WorkerConfiguration(Optional.empty(), approvers, Map.of(), defaults, Set.of())
        .write(directory.resolve(TokenWorker.CONFIGURATION));
    worker = TokenWorker.open(directory, token, clock);
    image = worker.create(new KeySpec("image", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
    manifest = worker.create(new KeySpec("manifest", SignatureSuite.ED25519, KeyPurpose.MANIFEST));
  }

  @AfterEach
  void close() {
    worker.close();
  }

  private Bytes document(String requester, Digest... toBeSigned) {
    return document(requester, Optional.of(clock.instant()), toBeSigned);
  }

  private Bytes document(String requester, Optional<Instant> created, Digest... toBeSigned) {
    List<String> digests = new ArrayList<>();
    for (Digest digest : toBeSigned) {
      digests.add(digest.hex());
    }
    return Bytes.copyOf(
        Json.object()
            .put("id", "1f0e6d2e-6f0e-4a55-8a4b-1c1c8a3b8b10")
            .put("requester", requester)
            .put("keyIds", Json.strings(List.of(image.keyId().hex(), manifest.keyId().hex())))
            .put("manifest", draft())
            .put("policy", POLICY)
            .put("created", created.orElse(null))
            .put("toBeSigned", Json.strings(digests))
            .build()
            .canonicalBytes());
  }

  private static Digest draft() {
    try {
      return RequestDocument.manifestDraft(Bytes.copyOf(Contents.payload("sensor", "none yet")));
    } catch (dev.otasigner.verifier.RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Bytes document() {
    return document("dave", Digest.of(IMAGE.bytes()));
  }

  private Approval approval(Bytes document, String approver) {
    return new Approval(
        Digest.of(document),
        POLICY,
        "dave",
        approver,
        Decision.APPROVE,
        clock.instant().plus(Duration.ofHours(1)),
        NONCE,
        Optional.empty());
  }

  private static Bytes signed(Approval approval, TestKey key) {
    byte[] payload = approval.toJson().textBytes();
    Envelope envelope = new Envelope(Approval.PAYLOAD_TYPE, Bytes.copyOf(payload), List.of());
    return Bytes.copyOf(key.sign(envelope).toBytes());
  }

  private Bytes sign(Bytes document, TokenKey key, SigningInput input, Bytes... approvals) {
    return worker.sign(
        new WorkerRequest(
            Digest.of(document), Optional.of(document), key.keyId(), input, List.of(approvals)));
  }

  private RefusalCode refusal(Bytes document, Bytes... approvals) {
    return refusal(document, image, IMAGE, approvals);
  }

  private RefusalCode refusal(
      Bytes document, TokenKey key, SigningInput input, Bytes... approvals) {
    Refused refused =
        catchThrowableOfType(Refused.class, () -> sign(document, key, input, approvals));
    assertThat(refused).as("a refusal").isNotNull();
    assertThat(token.signatures).as("the token was not asked").isZero();
    return refused.code();
  }

  private Bytes byAlice(Bytes document) {
    return signed(approval(document, "alice"), ALICE);
  }

  private Bytes byBob(Bytes document) {
    return signed(approval(document, "bob"), BOB);
  }

  @Test
  void twoApproversTogetherMakeItSign() throws Exception {
    Bytes document = document();
    Bytes signature = sign(document, image, IMAGE, byAlice(document), byBob(document));
    image.publicKey().verifyHash(IMAGE.bytes().toByteArray(), signature.toByteArray());
  }

  @Test
  void oneApprovalOfTwoIsNotEnough() {
    Bytes document = document();
    assertThat(refusal(document, byAlice(document))).isEqualTo(RefusalCode.APPROVALS_MISSING);
    assertThat(refusal(document)).isEqualTo(RefusalCode.APPROVALS_MISSING);
  }

  @Test
  void withoutTheDocumentNothingIsApproved() {
    Refused refused =
        catchThrowableOfType(
            Refused.class,
            () -> worker.sign(WorkerRequest.unattended(POLICY, image.keyId(), IMAGE)));
    assertThat(refused.code()).isEqualTo(RefusalCode.APPROVALS_MISSING);
  }

  @Test
  void onePersonDoesNotCountTwice() {
    Bytes document = document();
    assertThat(refusal(document, byBob(document), byBob(document)))
        .isEqualTo(RefusalCode.APPROVER_TWICE);
    assertThat(refusal(document, byBob(document), signed(approval(document, "bob"), BOBS_SECOND)))
        .isEqualTo(RefusalCode.APPROVER_TWICE);
  }

  @Test
  void theRequesterDoesNotApprove() {
    for (String requester :
        List.of(
            "alice",
            "user:alice",
            "api-key:Alice",
            "oidc:corp:alice",
            "ALICE",
            " alice ",
            "\uff41lice",
            "al\u200bice")) {
      Bytes document = document(requester, Digest.of(IMAGE.bytes()));
      Approval own = approval(document, "alice");
      Approval signedForOwn =
          new Approval(
              own.request(),
              POLICY,
              requester,
              "alice",
              Decision.APPROVE,
              own.notAfter(),
              NONCE,
              Optional.empty());
      assertThat(refusal(document, signed(signedForOwn, ALICE), byBob(document)))
          .isEqualTo(RefusalCode.SELF_APPROVAL);
    }
  }

  /** Before anything is signed by it, so that one bad word does not hold up the good ones. */
  @Test
  void aWordIsJudgedByItself() {
    Bytes document = document();
    worker.requireApproval(document, byAlice(document));
    Approval word = approval(document, "alice");
    Approval takenBack =
        new Approval(
            word.request(),
            POLICY,
            "dave",
            "alice",
            Decision.REVOKE,
            word.notAfter(),
            NONCE,
            Optional.of("a wrong build"));
    worker.requireApproval(document, signed(takenBack, ALICE));
    assertThat(judged(document, signed(word, BOB))).isEqualTo(RefusalCode.APPROVAL_INVALID);
    assertThat(judged(document("eve"), byAlice(document)))
        .isEqualTo(RefusalCode.APPROVAL_OTHER_REQUEST);
    assertThat(judged(document, Bytes.copyOf(new byte[] {'{'})))
        .isEqualTo(RefusalCode.APPROVAL_INVALID);
    assertThat(judged(Bytes.copyOf(new byte[] {'{'}), byAlice(document)))
        .isEqualTo(RefusalCode.REQUEST_MISMATCH);
    clock.advance(Duration.ofHours(2));
    assertThat(judged(document, byAlice(document))).isNull();
    assertThat(judged(document, signed(word, ALICE))).isEqualTo(RefusalCode.APPROVAL_EXPIRED);
  }

  private @Nullable RefusalCode judged(Bytes document, Bytes approval) {
    try {
      worker.requireApproval(document, approval);
      return null;
    } catch (Refused e) {
      return e.code();
    }
  }

  /** The requester's name is in what is signed: an own request cannot pass as another's. */
  @Test
  void anApprovalThatNamesAnotherRequesterDoesNotCount() {
    Bytes document = document("alice", Digest.of(IMAGE.bytes()));
    assertThat(refusal(document, byAlice(document), byBob(document)))
        .isEqualTo(RefusalCode.APPROVAL_OTHER_REQUEST);
  }

  @Test
  void anApprovalOfAnotherRequestDoesNotCount() {
    Bytes other = document("dave", POLICY);
    Bytes document = document();
    assertThat(refusal(document, byAlice(document), byBob(other)))
        .isEqualTo(RefusalCode.APPROVAL_OTHER_REQUEST);
  }

  @Test
  void anApprovalUnderAnotherPolicyDoesNotCount() {
    Bytes document = document();
    Approval other =
        new Approval(
            Digest.of(document),
            Digest.of(new byte[] {2}),
            "dave",
            "bob",
            Decision.APPROVE,
            clock.instant().plus(Duration.ofHours(1)),
            NONCE,
            Optional.empty());
    assertThat(refusal(document, byAlice(document), signed(other, BOB)))
        .isEqualTo(RefusalCode.APPROVAL_OTHER_POLICY);
  }

  @Test
  void anApprovalLapses() {
    Bytes document = document();
    Bytes first = byAlice(document);
    Bytes second = byBob(document);
    clock.advance(Duration.ofHours(1));
    assertThat(refusal(document, first, second)).isEqualTo(RefusalCode.APPROVAL_EXPIRED);
  }

  private Bytes until(Bytes document, Instant notAfter) {
    Approval usual = approval(document, "bob");
    return signed(
        new Approval(
            usual.request(),
            POLICY,
            "dave",
            "bob",
            Decision.APPROVE,
            notAfter,
            NONCE,
            Optional.empty()),
        BOB);
  }

  /** Found years later beside its request, it must be worth nothing. */
  @Test
  void anApprovalHoldsForThirtyDaysOfItsRequestAtMost() {
    Bytes document = document();
    Instant last = clock.instant().plus(Approval.LONGEST);
    assertThat(refusal(document, byAlice(document), until(document, last.plusSeconds(1))))
        .isEqualTo(RefusalCode.APPROVAL_TOO_LONG);
    clock.advance(Duration.ofDays(29));
    assertThat(refusal(document, until(document, last.plusSeconds(1))))
        .as("however little of it is left")
        .isEqualTo(RefusalCode.APPROVAL_TOO_LONG);
    Bytes second = byAlice(document);
    assertThat(sign(document, image, IMAGE, until(document, last), second).length()).isPositive();
  }

  @Test
  void anApprovalOfARequestThatDoesNotSayWhenItWasMadeDoesNotCount() {
    Bytes document = document("dave", Optional.empty(), Digest.of(IMAGE.bytes()));
    assertThat(refusal(document, byAlice(document), byBob(document)))
        .isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }

  @Test
  void aRequestFromTheFutureDoesNotMakeItsApprovalsLonger() {
    Instant later = clock.instant().plus(Duration.ofDays(300));
    Bytes document = document("dave", Optional.of(later), Digest.of(IMAGE.bytes()));
    assertThat(refusal(document, byAlice(document), until(document, later)))
        .isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }

  @Test
  void aRevokedApprovalStopsTheRequest() {
    Bytes document = document();
    Approval no =
        new Approval(
            Digest.of(document),
            POLICY,
            "dave",
            "Carol",
            Decision.REVOKE,
            Instant.parse("2027-01-01T00:00:00Z"),
            NONCE,
            Optional.of("the counter is wrong"));
    assertThat(refusal(document, byAlice(document), byBob(document), signed(no, CAROL)))
        .isEqualTo(RefusalCode.REVOKED);
  }

  @Test
  void whoIsNotConfiguredDoesNotApprove() {
    Bytes document = document();
    assertThat(refusal(document, byAlice(document), signed(approval(document, "eve"), EVE)))
        .isEqualTo(RefusalCode.APPROVER_UNKNOWN);
  }

  @Test
  void nobodyApprovesInTheNameOfAnother() {
    Bytes document = document();
    assertThat(refusal(document, byAlice(document), signed(approval(document, "Carol"), BOB)))
        .isEqualTo(RefusalCode.APPROVAL_INVALID);
  }

  @Test
  void aChangedByteBreaksAnApproval() {
    Bytes document = document();
    byte[] bytes = byBob(document).toByteArray();
    Approval longer =
        new Approval(
            Digest.of(document),
            POLICY,
            "dave",
            "bob",
            Decision.APPROVE,
            Instant.parse("2099-01-01T00:00:00Z"),
            NONCE,
            Optional.empty());
    try {
      Envelope original = Envelope.read(bytes);
      Envelope forged =
          new Envelope(
              original.payloadType(),
              Bytes.copyOf(longer.toJson().textBytes()),
              original.signatures());
      assertThat(refusal(document, byAlice(document), Bytes.copyOf(forged.toBytes())))
          .isEqualTo(RefusalCode.APPROVAL_INVALID);
    } catch (dev.otasigner.verifier.RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anEnvelopeWithoutOrWithTwoSignaturesIsNoApproval() {
    Bytes document = document();
    Bytes payload = Bytes.copyOf(approval(document, "bob").toJson().textBytes());
    Envelope none = new Envelope(Approval.PAYLOAD_TYPE, payload, List.of());
    Envelope two = CAROL.sign(BOB.sign(none));
    assertThat(refusal(document, byAlice(document), Bytes.copyOf(none.toBytes())))
        .isEqualTo(RefusalCode.APPROVAL_INVALID);
    assertThat(refusal(document, byAlice(document), Bytes.copyOf(two.toBytes())))
        .isEqualTo(RefusalCode.APPROVAL_INVALID);
  }

  /** A manifest that says the same, signed by an approver's key for another purpose. */
  @Test
  void anEnvelopeOfAnotherTypeIsNoApproval() {
    Bytes document = document();
    Envelope other =
        BOB.sign(
            new Envelope(
                ContentRule.MANIFEST_TYPE,
                Bytes.copyOf(approval(document, "bob").toJson().textBytes()),
                List.of()));
    assertThat(refusal(document, byAlice(document), Bytes.copyOf(other.toBytes())))
        .isEqualTo(RefusalCode.APPROVAL_INVALID);
  }

  @Test
  void aDocumentOfAnotherDigestIsNotTheRequest() {
    Bytes document = document();
    Refused refused =
        catchThrowableOfType(
            Refused.class,
            () ->
                worker.sign(
                    new WorkerRequest(
                        POLICY,
                        Optional.of(document),
                        image.keyId(),
                        IMAGE,
                        List.of(byAlice(document), byBob(document)))));
    assertThat(refused.code()).isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }

  /** Approved for one image; the thief of the web tier would sign another under it. */
  @Test
  void anApprovedRequestSignsNothingElse() {
    Bytes document = document();
    byte[] other = new byte[32];
    other[0] = 1;
    assertThat(
            refusal(
                document,
                image,
                SigningInput.hash(other, "SHA-256"),
                byAlice(document),
                byBob(document)))
        .isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }

  @Test
  void anApprovedRequestUsesNoOtherKey() {
    TokenKey third =
        worker.create(new KeySpec("third", SignatureSuite.ECDSA_P256_SHA256, KeyPurpose.IMAGE));
    Bytes document = document();
    assertThat(refusal(document, third, IMAGE, byAlice(document), byBob(document)))
        .isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }

  /** The digests of signed images are not known when people approve; the rest is. */
  @Test
  void anApprovedManifestIsSignedWithItsImagesFilledIn() {
    Bytes document = document();
    SigningInput filled = Contents.manifestOf(Contents.payload("sensor", "signed image"));
    assertThat(sign(document, manifest, filled, byBob(document)).length()).isPositive();
  }

  @Test
  void anApprovedManifestIsNotSignedForAnotherProduct() {
    Bytes document = document();
    SigningInput other = Contents.manifestOf(Contents.payload("pump", "signed image"));
    assertThat(refusal(document, manifest, other, byBob(document)))
        .isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }

  @Test
  void aDocumentThatIsNotCanonicalIsNoRequest() {
    Bytes document =
        Bytes.copyOf(
            (" " + new String(document().toByteArray(), java.nio.charset.StandardCharsets.UTF_8))
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    assertThat(refusal(document, byAlice(document), byBob(document)))
        .isEqualTo(RefusalCode.REQUEST_MISMATCH);
  }
}
