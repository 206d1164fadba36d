package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.DrawnProduct.Build;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.Accepted;
import dev.otasigner.verifier.policy.Documents;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.policy.UpdateSelection;
import dev.otasigner.verifier.policy.UpgradePolicy;
import dev.otasigner.verifier.testing.Made;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of devices, found out by letting them be: the library's client is given whole head
 * files, over and over, until it takes nothing more. It is asked as a device asks it, with its own
 * share, about builds that were signed anew without the keys that are gone. Nothing of what
 * predicts is used here.
 */
final class LivedFates {
  private static final Bytes NO_SALT = Bytes.copyOf(new byte[8]);
  private static final int MAX_STOPS = 32;

  private final DrawnProduct product;
  private final BuildMaker maker;
  private final Map<String, Head> announced;
  private final LineageCheck lineages;
  private final List<Integer> ports;
  private final boolean cautious;
  private final Map<Digest, Profile> profiles = new HashMap<>();
  private final Map<Question, Life> known = new HashMap<>();
  private final Map<Offer, Optional<Attempt>> attempts = new HashMap<>();

  /**
   * What devices meet.
   *
   * @param gone keys that sign nothing any more: every build is signed anew without them
   * @param withdrawn from all head files
   * @param hybrid only manifests with a classical and a post-quantum signature are offered
   * @param shut listeners that are closed
   * @param ended lineages whose metadata has run out
   * @param bridge a build that is offered to all devices besides
   */
  record Ground(
      Set<Digest> gone,
      Set<ImageVersion> withdrawn,
      boolean hybrid,
      Set<String> shut,
      Set<String> ended,
      Optional<ImageVersion> bridge) {
    Ground {
      gone = Set.copyOf(gone);
      withdrawn = Set.copyOf(withdrawn);
      shut = Set.copyOf(shut);
      ended = Set.copyOf(ended);
    }

    Ground with(ImageVersion more) {
      return new Ground(gone, withdrawn, hybrid, shut, ended, Optional.of(more));
    }
  }

  /**
   * The life of a device.
   *
   * @param stops the states it comes to, the first after the first build that it takes
   * @param served whether it has come to the head, and will take what comes next
   */
  record Life(List<DeviceState> stops, boolean served) {
    Life {
      stops = List.copyOf(stops);
    }

    List<ImageVersion> way() {
      return stops.stream().map(s -> s.running().version()).toList();
    }
  }

  /**
   * Fates of a product.
   *
   * @param announced the head file of each lineage, as it is published
   * @param ports at which the listeners are, in the order of {@link DrawnChange#DOORS}
   * @param cautious whether a build is taken without the keys that are gone only by devices that
   *     would have taken it with them: who can cut signatures out, and not sign anew, knows no more
   */
  LivedFates(
      DrawnProduct product,
      BuildMaker maker,
      Map<String, Head> announced,
      LineageCheck lineages,
      List<Integer> ports,
      boolean cautious) {
    this.product = product;
    this.maker = maker;
    this.announced = Map.copyOf(announced);
    this.lineages = lineages;
    this.ports = List.copyOf(ports);
    this.cautious = cautious;
    product.profiles().forEach(profile -> profiles.put(profile.digest(), profile));
  }

  private record Question(DeviceState state, Ground ground, boolean first) {}

  /**
   * A life from this state on.
   *
   * @param first whether the device is among the first of every staged release, or among the last
   */
  Life life(DeviceState start, Ground ground, boolean first) {
    return known.computeIfAbsent(
        new Question(start, ground, first), q -> live(start, ground, first));
  }

  private Life live(DeviceState start, Ground ground, boolean first) {
    List<DeviceState> stops = new ArrayList<>();
    if (isCutOff(start, ground)) {
      return new Life(stops, false);
    }
    DeviceState state = start;
    while (stops.size() < MAX_STOPS) {
      Optional<DeviceState> next = next(state, ground, head(state, ground, first));
      if (next.isEmpty()) {
        return new Life(stops, isAtTheHead(state, ground, first) && takesSuccessor(state, ground));
      }
      state = next.get();
      stops.add(state);
    }
    throw new AssertionError("a device goes in circles");
  }

  /** The server is out of reach, or the catalogue has run out: then nothing is taken. */
  private boolean isCutOff(DeviceState state, Ground ground) {
    return ground.ended().contains(state.lineage())
        || ground.shut().containsAll(DrawnChange.doors(profile(state), ports));
  }

  private Profile profile(DeviceState state) {
    Profile profile = profiles.get(state.running().profile());
    if (profile == null) {
      throw new AssertionError("no such profile");
    }
    return profile;
  }

  /**
   * One update. A build whose bytes are refused, or which leads out of the service's reach and so
   * is not confirmed, is left alone from then on, until another one is taken.
   */
  private Optional<DeviceState> next(DeviceState state, Ground ground, List<Listed> listed) {
    List<Listed> left = new ArrayList<>(listed);
    while (true) {
      Optional<Attempt> attempt =
          attempts.computeIfAbsent(new Offer(state, List.copyOf(left)), this::attempt);
      if (attempt.isEmpty()) {
        return Optional.empty();
      }
      Optional<DeviceState> after = attempt.get().after();
      if (after.isPresent() && !isCutOff(after.get(), ground)) {
        return after;
      }
      left.remove(attempt.get().chosen());
    }
  }

  private record Offer(DeviceState state, List<Listed> listed) {}

  /** What a device began to download, and where that led it. */
  private record Attempt(Listed chosen, Optional<DeviceState> after) {}

  private Optional<Attempt> attempt(Offer offer) {
    Optional<Attempt> attempt = attempt(offer.state(), offer.listed());
    if (!cautious || attempt.isEmpty()) {
      return attempt;
    }
    Listed chosen = attempt.get().chosen();
    boolean before =
        maker
            .of(chosen.build(), Set.of())
            .flatMap(
                made ->
                    attempt(offer.state(), List.of(new Listed(chosen.build(), made, false, 1000))))
            .flatMap(Attempt::after)
            .isPresent();
    return before ? attempt : Optional.of(new Attempt(chosen, Optional.empty()));
  }

  private Optional<Attempt> attempt(DeviceState state, List<Listed> listed) {
    try {
      UpdateSelection.Selection selection =
          UpdateSelection.select(
              state, profile(state), headFile(listed), documents(listed), lineages);
      return selection
          .chosen()
          .map(
              chosen ->
                  new Attempt(find(listed, chosen), judge(state, chosen, find(listed, chosen))));
    } catch (RejectedException e) {
      throw new AssertionError("the head file itself is refused", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A build in a head file; equal to another one that was made of the same by the same. */
  private static final class Listed {
    private final Build build;
    private final Made made;
    private final Head.Candidate listing;

    Listed(Build build, Made made, boolean bridge, int share) {
      this.build = build;
      this.made = made;
      this.listing =
          Head.Candidate.of(
              made.manifest(), DrawnProduct.CHANNEL, DrawnProduct.HARDWARE, bridge, NO_SALT, share);
    }

    Build build() {
      return build;
    }

    Made made() {
      return made;
    }

    Head.Candidate listing() {
      return listing;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Listed that
          && listing.equals(that.listing)
          && made.envelope().equals(that.made.envelope());
    }

    @Override
    public int hashCode() {
      return made.envelope().hashCode();
    }
  }

  private static Listed find(List<Listed> listed, UpdateSelection.Chosen chosen) {
    return listed.stream()
        .filter(l -> l.listing().version().equals(chosen.listing().version()))
        .findFirst()
        .orElseThrow();
  }

  private Optional<DeviceState> judge(
      DeviceState state, UpdateSelection.Chosen chosen, Listed listed) {
    Made made = listed.made();
    try {
      Accepted accepted =
          UpgradePolicy.judge(
              state,
              profile(state),
              chosen.with(
                  ByteSource.of(made.image(chosen.eligible().file().name())),
                  made.component().map(ByteSource::of)),
              lineages);
      return Optional.of(accepted.after());
    } catch (RejectedException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Head headFile(List<Listed> listed) {
    return new Head(
        DrawnProduct.CHANNEL,
        DrawnProduct.HARDWARE,
        Instant.EPOCH,
        listed.stream().map(Listed::listing).toList());
  }

  private static Documents documents(List<Listed> listed) {
    Map<String, Bytes> files = new HashMap<>();
    for (Listed one : listed) {
      Profile brought = one.made().profile();
      files.put(one.listing().manifest(), one.made().envelope());
      files.put(
          CataloguePaths.profile(DrawnProduct.CHANNEL, DrawnProduct.HARDWARE, brought.digest()),
          brought.bytes());
    }
    return (path, maxBytes) -> {
      Bytes file = files.get(path);
      if (file == null) {
        throw new RejectedException(Reason.TARGET_NOT_FOUND, path);
      }
      return file.toByteArray();
    };
  }

  /** What the head file of a device's lineage lists then, newest first. */
  private List<Listed> head(DeviceState state, Ground ground, boolean first) {
    List<Listed> listed = new ArrayList<>();
    for (Head.Candidate candidate : announced(state.lineage())) {
      if (ground.bridge().filter(candidate.version()::equals).isEmpty()
          && isOffered(candidate, ground)) {
        listed(
                candidate.version(),
                ground,
                candidate.bridge(),
                share(candidate.sharePerMille(), first))
            .ifPresent(listed::add);
      }
    }
    ground.bridge().flatMap(version -> listed(version, ground, true, 1000)).ifPresent(listed::add);
    listed.sort(Comparator.comparing((Listed l) -> l.listing().version()).reversed());
    return listed;
  }

  private Optional<Listed> listed(ImageVersion version, Ground ground, boolean bridge, int share) {
    Optional<Build> build = product.build(version);
    return build
        .flatMap(b -> maker.of(b, ground.gone()))
        .map(made -> new Listed(build.orElseThrow(), made, bridge, share));
  }

  private List<Head.Candidate> announced(String lineage) {
    Head head = announced.get(lineage);
    return head == null ? List.of() : head.candidates();
  }

  /** Whose turn has come in a staged release has the whole share before it, and else none. */
  private static int share(int perMille, boolean first) {
    return perMille == 1000 || perMille > 0 && first ? 1000 : 0;
  }

  private boolean isOffered(Head.Candidate candidate, Ground ground) {
    return !ground.withdrawn().contains(candidate.version())
        && (!ground.hybrid() || isHybrid(candidate.version(), ground));
  }

  /** A manifest is hybrid by its own signatures, whatever becomes of those of its image. */
  private boolean isHybrid(ImageVersion version, Ground ground) {
    return product.build(version).stream()
            .flatMap(build -> build.manifestKeys().stream())
            .filter(key -> !ground.gone().contains(key.keyId()))
            .map(DrawnProduct.Signer::isPostQuantum)
            .distinct()
            .count()
        == 2;
  }

  /** Whether there is nothing newer for devices of this channel and hardware, in any lineage. */
  private boolean isAtTheHead(DeviceState state, Ground ground, boolean first) {
    return announced.keySet().stream()
        .flatMap(lineage -> announced(lineage).stream())
        .filter(candidate -> isOffered(candidate, ground))
        .filter(candidate -> candidate.bridge() || share(candidate.sharePerMille(), first) > 0)
        .noneMatch(candidate -> candidate.version().isNewerThan(state.running().version()));
  }

  /** Whether a device in this state takes the build, were it offered to everybody. */
  boolean takes(DeviceState state, Build build, Ground ground) {
    return alone(build, ground)
        .flatMap(listed -> attempt(new Offer(state, listed)))
        .flatMap(Attempt::after)
        .isPresent();
  }

  private Optional<List<Listed>> alone(Build build, Ground ground) {
    return maker
        .of(build, ground.gone())
        .map(made -> List.of(new Listed(build, made, false, 1000)));
  }

  /** The next build of its kind comes out: by the same keys, as far as they still sign. */
  private boolean takesSuccessor(DeviceState state, Ground ground) {
    return product
        .build(state.running().version())
        .map(Build::successor)
        .flatMap(build -> alone(build, ground))
        .flatMap(listed -> next(state, ground, listed))
        .isPresent();
  }
}
