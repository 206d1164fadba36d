package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.FiledBuild;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.manifest.Manifest;
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
  private final Map<Question, Answer> kept = keeping();
  private final Map<FilesQuestion, FilesAnswer> keptFiles = keeping();

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

  /**
   * All that the answer about a build's files depends on: they are named by its manifest.
   *
   * @param trusting whether the bootloader takes the word of the keys that are gone, too
   */
  private record FilesQuestion(
      Digest manifest,
      String variant,
      Bootloader bootloader,
      boolean trusting,
      long securityCounter,
      List<Digest> gone) {
    @Override
    public int hashCode() {
      return 31 * manifest.hashCode() + bootloader.id().hashCode();
    }
  }

  /** The bootloader once the build is confirmed, or why its files are refused. */
  private record FilesAnswer(Optional<Bootloader> after, Optional<Refusal> refusal) {}

  /** A refusal, not the exception itself, whose stack would be kept for as long. */
  private record Refusal(Reason reason, Obstacle obstacle) {
    static Refusal of(RejectedException e) {
      return new Refusal(e.reason(), Obstacle.of(e));
    }
  }

  /** Where it takes the device, or why it does not. */
  private record Judged(Optional<DeviceState> after, Optional<Refusal> refusal) {
    static Judged refused(Refusal refusal) {
      return new Judged(Optional.empty(), Optional.of(refusal));
    }
  }

  private static <K, V> Map<K, V> keeping() {
    return new LinkedHashMap<>(1024, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > MAX_KEPT;
      }
    };
  }

  /**
   * How often the device's code judged something since the service started, a listing or the files
   * of a build; the rest was remembered.
   */
  long runs() {
    return runs.get();
  }

  /** A device's code, asked about one build in one world. */
  private record Asking(
      BuildFiles build, World world, Stored stored, WithoutKeys without, LineageCheck lineages) {
    Digest manifest() {
      return stored.manifestDigest(build);
    }
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
    Judged judged =
        judgeVariants(
            state,
            stored.profile(state),
            listing,
            new Asking(build, world, stored, new WithoutKeys(world.gone().keys()), lineages));
    Answer answer = new Answer(judged.after(), judged.refusal().map(Refusal::obstacle));
    synchronized (kept) {
      kept.put(question, answer);
    }
    return answer;
  }

  /**
   * Whether a build is refused for its files, whatever is asked besides: of thousands of devices on
   * hundreds of builds that is a few answers, and no build is read for those that are remembered.
   * What it brings as a component is not asked here.
   */
  boolean isRefusedForFiles(DeviceState state, Head.Candidate listing, World world, Stored stored)
      throws IOException {
    Optional<FiledBuild> filed = stored.filed(listing.version());
    if (filed.isEmpty() || filed.get().hasComponent()) {
      return false;
    }
    for (Head.Variant variant : listing.variants()) {
      FilesQuestion question = files(filed.get().manifest(), state, variant.name(), false, world);
      Optional<FilesAnswer> answer = known(question);
      if (answer.isEmpty()) {
        answer = Optional.of(judgeFiles(question, stored.listed(listing), world));
      }
      if (answer.get().refusal().isEmpty()) {
        return false;
      }
    }
    return true;
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
  private Judged judgeVariants(
      DeviceState state, Profile running, Head.Candidate listing, Asking asking)
      throws IOException {
    Judged first = judge(state, running, listing, false, asking);
    if (first.refusal().isEmpty() || asking.without().isNothing()) {
      return first;
    }
    boolean isComponent =
        first.refusal().get().reason() == Reason.BOOTLOADER_COMPONENT
            && asking.build().component().isPresent();
    if (!isComponent && listing.variants().size() == 1) {
      return first; // there is no other file to be given
    }
    for (boolean trusting : isComponent ? List.of(false, true) : List.of(false)) {
      for (Head.Variant variant : listing.variants()) {
        Judged judged = judge(state, running, only(listing, variant), trusting, asking);
        if (judged.refusal().isEmpty()) {
          return judged;
        }
      }
    }
    // The refusal of what the device chose first is the one to be told.
    return first;
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
   * @param trusting whether the device is shown the build as if it took the word of all keys
   */
  private Judged judge(
      DeviceState state, Profile running, Head.Candidate listing, boolean trusting, Asking asking)
      throws IOException {
    BuildFiles build = asking.build();
    DeviceState as =
        trusting ? state.withBootloader(asking.without().trusted(state.bootloader())) : state;
    runs.incrementAndGet();
    UpdateSelection.Selection selection;
    try {
      selection =
          UpdateSelection.select(
              as,
              running,
              new Head(state.channel(), state.hardware().id(), Instant.EPOCH, List.of(listing)),
              documents(state, listing, build, asking.without().of(build.envelope())),
              asking.lineages(),
              Share.AS_IF_IN);
    } catch (RejectedException e) {
      return Judged.refused(Refusal.of(e));
    }
    if (selection.chosen().isEmpty()) {
      return Judged.refused(Refusal.of(selection.refused().get(0).refusal()));
    }
    String variant = selection.chosen().get().eligible().variant().name();
    FilesAnswer files =
        judgeFiles(
            files(asking.manifest(), state, variant, trusting, asking.world()),
            build,
            asking.world());
    return new Judged(
        files
            .after()
            .map(
                bootloader ->
                    UpgradePolicy.stateIfTaken(
                        state,
                        build.manifest(),
                        asking.stored().manifestDigest(build, asking.world()),
                        build.profile(),
                        bootloader)),
        files.refusal());
  }

  private static FilesQuestion files(
      Digest manifest, DeviceState state, String variant, boolean trusting, World world) {
    return new FilesQuestion(
        manifest,
        variant,
        state.bootloader(),
        trusting,
        state.securityCounter(),
        world.gone().ids());
  }

  private Optional<FilesAnswer> known(FilesQuestion question) {
    synchronized (keptFiles) {
      return Optional.ofNullable(keptFiles.get(question));
    }
  }

  private FilesAnswer judgeFiles(FilesQuestion question, BuildFiles build, World world)
      throws IOException {
    Optional<FilesAnswer> known = known(question);
    if (known.isPresent()) {
      return known.get();
    }
    runs.incrementAndGet();
    FilesAnswer answer;
    try {
      answer = new FilesAnswer(Optional.of(after(question, build, world)), Optional.empty());
    } catch (RejectedException e) {
      answer = new FilesAnswer(Optional.empty(), Optional.of(Refusal.of(e)));
    }
    synchronized (keptFiles) {
      keptFiles.put(question, answer);
    }
    return answer;
  }

  private static Bootloader after(FilesQuestion question, BuildFiles build, World world)
      throws RejectedException, IOException {
    WithoutKeys without = new WithoutKeys(world.gone().keys());
    Bootloader bootloader = question.bootloader();
    ByteSource image = build.image(question.variant());
    Bootloader after =
        UpgradePolicy.judgeFiles(
            question.trusting() ? without.trusted(bootloader) : bootloader,
            question.securityCounter(),
            build.manifest(),
            variant(build.manifest(), question.variant()),
            image,
            build.component());
    without.requireBoots(bootloader, question.securityCounter(), after, build, image);
    return after;
  }

  private static Manifest.Variant variant(Manifest manifest, String name) {
    return manifest.variants().stream()
        .filter(variant -> variant.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no variant " + name));
  }

  /**
   * What a device would be, did it take the build: asked before whether it does, since few of the
   * states that devices come to are worth coming to. Empty when a bootloader component decides.
   */
  static Optional<DeviceState> ifTaken(
      DeviceState state, BuildFiles build, World world, Stored stored) {
    return build.manifest().componentFor(state.bootloader()).isPresent()
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
