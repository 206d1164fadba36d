package dev.otasigner.service.signing;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.Milestones;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.McubootImage;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.transaction.support.TransactionOperations;

/**
 * Takes in builds that were finished elsewhere, on the same terms as our own: policy, then the
 * device's own code, then release in one transaction.
 */
final class BuildRegistration {
  private final FleetFacts fleet;
  private final SigningKeys keys;
  private final RequestPolicy policy;
  private final Builds builds;
  private final PayloadStore payloads;
  private final PopulationJudgement judgement;
  private final TransactionOperations transactions;
  private final AuditLog audit;
  private final Milestones milestones;
  private final Clock clock;

  BuildRegistration(
      FleetFacts fleet,
      SigningKeys keys,
      RequestPolicy policy,
      Builds builds,
      PayloadStore payloads,
      TransactionOperations transactions,
      AuditLog audit,
      Milestones milestones,
      Clock clock) {
    this.fleet = fleet;
    this.keys = keys;
    this.policy = policy;
    this.builds = builds;
    this.payloads = payloads;
    this.judgement = new PopulationJudgement(fleet);
    this.transactions = transactions;
    this.audit = audit;
    this.milestones = milestones;
    this.clock = clock;
  }

  /**
   * Registers a build whose manifest came with it.
   *
   * @param image digest of an uploaded image, which must be one of the manifest's
   * @throws SignerException REFUSED with the refusal, or with the policy's reasons
   */
  Build register(String product, String author, Digest image, byte[] envelope) throws IOException {
    fleet.policy(product);
    try {
      Manifest manifest = Builds.manifestOf(envelope);
      requireProduct(product, manifest);
      requireImage(manifest, image);
      Optional<Digest> component = manifest.bootloader().map(Manifest.BootloaderComponent::sha256);
      requireUploaded(manifest, component);
      List<SigningKey> signers = signers(product, envelope);
      List<PolicyReason> reasons =
          policy.judgeFinished(product, author, manifest, signers, clock.instant());
      if (!reasons.isEmpty()) {
        throw refused(reasons);
      }
      judgement.requireTakeable(product, builds.files(envelope, component));
      Digest stored = payloads.store(envelope).sha256();
      milestones.passed("build.stored");
      Build build =
          new Build(product, manifest.version(), stored, component, null, author, clock.instant());
      transactions.executeWithoutResult(
          status -> {
            policy
                .overtaken(product, manifest)
                .ifPresent(
                    reason -> {
                      throw reason.code() == PolicyCode.VERSION_TAKEN
                          ? SignerException.conflict(reason.detail())
                          : refused(List.of(reason));
                    });
            builds.add(build, manifest);
            audit.record(
                "build.registered",
                "build:" + product + "/" + build.version(),
                Passed.registered(stored, manifest.variants(), signers));
          });
      milestones.passed("build.registered");
      return build;
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    } catch (DataIntegrityViolationException raced) {
      throw SignerException.conflict("the same version was registered at this moment");
    }
  }

  /**
   * The same for a push that may come twice, also at once: it is registered once.
   *
   * @param repeated it came before, and may have been registered then
   */
  Build registerOnce(String product, String author, Digest image, byte[] envelope, boolean repeated)
      throws IOException {
    Optional<Build> before = repeated ? registered(product, author, envelope) : Optional.empty();
    if (before.isPresent()) {
      return before.get();
    }
    try {
      return register(product, author, image, envelope);
    } catch (SignerException raced) {
      return registered(product, author, envelope).orElseThrow(() -> raced);
    }
  }

  private Optional<Build> registered(String product, String author, byte[] envelope) {
    try {
      Digest manifest = Digest.of(envelope);
      return builds
          .find(product, Builds.manifestOf(envelope).version())
          .filter(build -> build.manifest().equals(manifest) && build.author().equals(author));
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }

  /** A refusal by the policy, with every reason. */
  static SignerException refused(List<PolicyReason> reasons) {
    return new SignerException(
        ProblemType.REFUSED,
        reasons.get(0).detail(),
        Map.of("reasons", PolicyReason.toJson(reasons)));
  }

  /**
   * The product's manifest keys that have signed. Who else is named there says nothing here; a
   * signature in the name of one of them that is not its is refused.
   */
  private List<SigningKey> signers(String product, byte[] envelope) throws RejectedException {
    Envelope signed = Envelope.read(envelope);
    Map<Digest, SigningKey> known = new LinkedHashMap<>();
    for (Envelope.Signature signature : signed.signatures()) {
      keys.find(signature.keyId().hex())
          .filter(key -> key.purpose() == KeyPurpose.MANIFEST)
          .filter(key -> key.product().map(product::equals).orElse(true))
          .filter(key -> key.state() != KeyState.COMPROMISED)
          .ifPresent(key -> known.put(key.keyId(), key));
    }
    return signed
        .validSigners(known.values().stream().map(key -> key.anchor().key()).toList())
        .stream()
        .map(keyId -> Objects.requireNonNull(known.get(keyId)))
        .toList();
  }

  private static void requireProduct(String product, Manifest manifest) throws RejectedException {
    if (!manifest.product().equals(product)) {
      throw new RejectedException(
          Reason.WRONG_PRODUCT, "made for another product", product, manifest.product());
    }
  }

  private static void requireImage(Manifest manifest, Digest image) throws RejectedException {
    if (manifest.variants().stream().noneMatch(v -> v.sha256().equals(image))) {
      throw new RejectedException(
          Reason.MANIFEST_MISMATCH,
          "the manifest is another build's: it does not name this image",
          manifest.variants().get(0).sha256(),
          image);
    }
  }

  private void requireUploaded(Manifest manifest, Optional<Digest> component) {
    String product = manifest.product();
    for (Manifest.Variant variant : manifest.variants()) {
      requireUploaded(product, "image of variant " + variant.name(), variant.sha256());
    }
    component.ifPresent(digest -> requireUploaded(product, "bootloader component", digest));
  }

  private void requireUploaded(String product, String what, Digest digest) {
    if (payloads.find(digest).isEmpty() || !builds.uploads().has(product, digest)) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, what + ": " + digest + " was not uploaded");
    }
  }

  /**
   * A request for a manifest over an image that came alone. What is not said is as in the newest
   * build of the product: hardware, manifest keys, profile.
   */
  RequestSpec requestFor(String product, Digest image, PushBody given) throws IOException {
    requireUploaded(product, "image", image);
    Path file = payloads.require(image);
    try {
      McubootImage read = McubootImage.read(ByteSource.of(file));
      return given.complete(product, image, read, newest(product));
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
  }

  /** The newest build's manifest with the keys that signed it. */
  record Precedent(Manifest manifest, List<String> manifestKeys) {}

  private Optional<Precedent> newest(String product) throws RejectedException, IOException {
    List<Build> all = builds.newest(product, Optional.empty(), 1);
    if (all.isEmpty()) {
      return Optional.empty();
    }
    byte[] envelope = payloads.read(all.get(0).manifest());
    List<String> signers =
        Envelope.read(envelope).signatures().stream().map(s -> s.keyId().hex()).toList();
    return Optional.of(new Precedent(Builds.manifestOf(envelope), signers));
  }
}
