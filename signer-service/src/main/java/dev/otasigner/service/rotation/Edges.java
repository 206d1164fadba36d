package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.Accepted;
import dev.otasigner.verifier.policy.Documents;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.policy.Share;
import dev.otasigner.verifier.policy.UpdateSelection;
import dev.otasigner.verifier.policy.UpgradePolicy;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.stereotype.Component;

/**
 * Whether a device in some state takes a listed build, and what becomes of it: asked of the
 * device's own code about the stored bytes, and remembered by the digests of all that the answer
 * depends on. Stored bytes are found by their digest, so that an answer stays true for as long as
 * it is kept. Nothing of this outlasts the process.
 */
@Component
final class Edges {
  /** A few hundred bytes each. */
  private static final int MAX_KEPT = 200_000;

  private static final Bytes NO_SALT = Bytes.copyOf(new byte[8]);

  private final AtomicLong runs = new AtomicLong();
  private final Map<Question, Answer> kept =
      new LinkedHashMap<>(1024, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Question, Answer> eldest) {
          return size() > MAX_KEPT;
        }
      };

  /** All that an answer depends on. */
  private record Question(
      DeviceState state,
      Head.Candidate listing,
      Digest manifest,
      List<Digest> gone,
      Optional<Reason> untrusted) {
    /** Of what tells questions apart: to hash all of a state costs more than to compare it. */
    @Override
    public int hashCode() {
      return 31 * StateKey.hash(state) + manifest.hashCode();
    }
  }

  /** What the device's code said: where the build takes the device, or why it does not. */
  record Answer(Optional<DeviceState> after, Optional<Obstacle> refusal) {}

  /** How often the judgement was run since the service started; the rest was remembered. */
  long runs() {
    return runs.get();
  }

  /**
   * What a device in this state does with a build that it is offered.
   *
   * @param announced as it is listed; for whom is not asked here
   */
  Answer of(
      DeviceState state, Head.Candidate announced, BuildFiles build, World world, Stored stored)
      throws IOException {
    Head.Candidate listing = forAll(announced);
    Optional<RejectedException> untrusted = stored.untrusted(build.profile());
    Question question =
        new Question(
            state,
            listing,
            stored.manifestDigest(build),
            world.gone().ids(),
            untrusted.map(RejectedException::reason));
    synchronized (kept) {
      Answer known = kept.get(question);
      if (known != null) {
        return known;
      }
    }
    LineageCheck lineages =
        brought -> {
          if (brought.digest().equals(build.profile().digest()) && untrusted.isPresent()) {
            throw untrusted.get();
          }
        };
    Answer answer;
    try {
      Accepted accepted =
          judgeVariants(
              state,
              stored.profile(state),
              listing,
              build,
              new WithoutKeys(world.gone().keys()),
              lineages);
      answer = new Answer(Optional.of(accepted.after()), Optional.empty());
    } catch (RejectedException e) {
      // Not the exception itself, whose stack would be kept for as long.
      answer = new Answer(Optional.empty(), Optional.of(Obstacle.of(e)));
    }
    runs.incrementAndGet();
    synchronized (kept) {
      kept.put(question, answer);
    }
    return answer;
  }

  private static Head.Candidate forAll(Head.Candidate listing) {
    return new Head.Candidate(
        listing.version(),
        listing.securityCounter(),
        listing.manifest(),
        listing.from(),
        listing.variants(),
        true,
        NO_SALT,
        1000,
        List.of(),
        List.of());
  }

  /**
   * A build to come has no image file that only keys signed which are gone: the device is given
   * another one, where there is one for it. Nor is its component signed by those: one that a device
   * refuses for that is judged by what is left.
   */
  private static Accepted judgeVariants(
      DeviceState state,
      Profile running,
      Head.Candidate listing,
      BuildFiles build,
      WithoutKeys without,
      LineageCheck lineages)
      throws RejectedException, IOException {
    try {
      return judge(state, state, running, listing, build, without, lineages);
    } catch (RejectedException first) {
      if (without.isNothing()) {
        throw first;
      }
      boolean isComponent =
          first.reason() == Reason.BOOTLOADER_COMPONENT && build.component().isPresent();
      if (!isComponent && listing.variants().size() == 1) {
        throw first; // there is no other file to be given
      }
      for (DeviceState as : isComponent ? List.of(state, without.trusted(state)) : List.of(state)) {
        for (Head.Variant variant : listing.variants()) {
          try {
            return judge(as, state, running, only(listing, variant), build, without, lineages);
          } catch (RejectedException e) {
            // The refusal of what the device chose first is the one to be told.
          }
        }
      }
      throw first;
    }
  }

  private static Head.Candidate only(Head.Candidate listing, Head.Variant variant) {
    return new Head.Candidate(
        listing.version(),
        listing.securityCounter(),
        listing.manifest(),
        listing.from(),
        List.of(variant),
        listing.bridge(),
        listing.salt(),
        listing.sharePerMille(),
        listing.hold(),
        listing.test());
  }

  /**
   * Judges what there is, then what is left of it.
   *
   * @param as the device to which the build is shown as it is
   * @param state the device
   */
  private static Accepted judge(
      DeviceState as,
      DeviceState state,
      Profile running,
      Head.Candidate listing,
      BuildFiles build,
      WithoutKeys without,
      LineageCheck lineages)
      throws RejectedException, IOException {
    Bytes envelope = without.of(build.envelope());
    Head head = new Head(state.channel(), state.hardware().id(), Instant.EPOCH, List.of(listing));
    UpdateSelection.Selection selection =
        UpdateSelection.select(
            as,
            running,
            head,
            documents(state, listing, build, envelope),
            lineages,
            Share.AS_IF_IN);
    if (selection.chosen().isEmpty()) {
      throw selection.refused().get(0).refusal();
    }
    UpdateSelection.Chosen chosen = selection.chosen().get();
    ByteSource image = build.image(chosen.eligible().variant().name());
    Accepted accepted =
        UpgradePolicy.judge(as, running, chosen.with(image, build.component()), lineages);
    without.requireBoots(state, accepted, build, image);
    return accepted;
  }

  /**
   * What a device would be, did it take the build: asked before whether it does, since few of the
   * states that devices come to are worth coming to. Empty when a bootloader component decides.
   */
  static Optional<DeviceState> ifTaken(
      DeviceState state, BuildFiles build, World world, Stored stored) {
    return build.manifest().bootloader().isPresent()
        ? Optional.empty()
        : Optional.of(
            UpgradePolicy.stateIfTaken(
                state, build.manifest(), stored.manifestDigest(build, world), build.profile()));
  }

  /** The two documents that a listed build has besides its image. */
  private static Documents documents(
      DeviceState state, Head.Candidate listing, BuildFiles build, Bytes envelope) {
    String profile =
        CataloguePaths.profile(state.channel(), state.hardware().id(), build.manifest().profile());
    return (path, maxBytes) -> {
      Bytes document;
      if (path.equals(listing.manifest())) {
        document = envelope;
      } else if (path.equals(profile)) {
        document = build.profile().bytes();
      } else {
        throw new RejectedException(Reason.TARGET_NOT_FOUND, path + " is not listed");
      }
      if (document.length() > maxBytes) {
        throw new RejectedException(Reason.TARGET_NOT_FOUND, path + " is too long");
      }
      return document.toByteArray();
    };
  }
}
