package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.BuildFiles;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.service.signing.FiledBuild;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.policy.LineageCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * What one question about a product reads of it, each thing once: thousands of cohorts meet the
 * same few heads, builds and profiles.
 */
final class Stored {
  /** So many builds are tried as a repair: who needs an older one has to say which. */
  private static final int MAX_UNLISTED = 16;

  /** So many are looked through for those, whatever hardware they are for. */
  private static final int MAX_NEWEST = 256;

  private final String product;
  private final FleetFacts fleet;
  private final Builds builds;
  private final Catalogue catalogue;
  private final LineageCheck lineages;
  private final Supplier<List<VerificationKey>> keys;
  private final Map<Digest, Optional<Profile>> profiles = new HashMap<>();
  private final Map<ImageVersion, Optional<BuildFiles>> files = new HashMap<>();
  private final Map<ImageVersion, FiledBuild> filed = new HashMap<>();
  private final List<VerificationKey> signatures = new ArrayList<>();
  private final Map<String, List<ImageVersion>> newest = new HashMap<>();
  private final Map<String, Optional<Head>> own = new HashMap<>();
  private final Map<String, List<Head>> all = new HashMap<>();
  private final Map<Digest, Optional<RejectedException>> untrusted = new HashMap<>();
  private final IdentityHashMap<BuildFiles, Digest> manifests = new IdentityHashMap<>();
  private final Map<List<Digest>, IdentityHashMap<BuildFiles, Digest>> cut = new HashMap<>();

  /** What is stored of a product; the keys that can have signed its manifests, when asked for. */
  Stored(
      String product,
      FleetFacts fleet,
      Builds builds,
      Catalogue catalogue,
      Supplier<List<VerificationKey>> keys) {
    this.product = product;
    this.keys = keys;
    this.fleet = fleet;
    this.builds = builds;
    this.catalogue = catalogue;
    this.lineages = fleet.lineages(product);
  }

  /** The profile that a device runs, which has to be registered. */
  Profile profile(DeviceState state) {
    return registered(state)
        .orElseThrow(() -> new IllegalStateException("a device's profile is not registered"));
  }

  /** The same, or empty when what the device says that it trusts is not known here. */
  Optional<Profile> registered(DeviceState state) {
    return profiles.computeIfAbsent(state.running().profile(), this::read);
  }

  private Optional<Profile> read(Digest digest) {
    Optional<Bytes> bytes = fleet.profile(product, digest);
    try {
      return bytes.isEmpty()
          ? Optional.empty()
          : Optional.of(Profile.read(bytes.get().toByteArray()));
    } catch (RejectedException e) {
      throw new IllegalStateException("a registered profile is damaged", e);
    }
  }

  /** What the device's own lineage announces to it now. */
  Optional<Head> head(DeviceState state) {
    return own.computeIfAbsent(
        state.lineage() + "/" + role(state),
        key -> catalogue.head(product, state.lineage(), state.channel(), state.hardware().id()));
  }

  /** What every lineage announces to its channel and hardware now. */
  List<Head> heads(DeviceState state) {
    return all.computeIfAbsent(
        role(state), key -> catalogue.heads(product, state.channel(), state.hardware().id()));
  }

  private static String role(DeviceState state) {
    return state.channel() + "/" + state.hardware().id();
  }

  /** The bytes of a build, or empty when it was never here, or was pruned. */
  Optional<BuildFiles> build(ImageVersion version) throws IOException {
    Optional<BuildFiles> known = files.get(version);
    if (known == null) {
      known = find(version);
      files.put(version, known);
    }
    return known;
  }

  /** The bytes of a build that a head file lists: those are never pruned. */
  BuildFiles listed(Head.Candidate candidate) throws IOException {
    return build(candidate.version())
        .orElseThrow(() -> new IllegalStateException("build " + candidate.version() + " is gone"));
  }

  /** Of the product's newest builds, listed or not, those for a device's hardware. */
  List<ImageVersion> newest(DeviceState state) throws IOException {
    String hardware = state.hardware().id();
    List<ImageVersion> known = newest.get(hardware);
    if (known == null) {
      known = new ArrayList<>();
      for (Build build : builds.newest(product, Optional.empty(), MAX_NEWEST)) {
        if (known.size() < MAX_UNLISTED && isFor(build.version(), hardware)) {
          known.add(build.version());
        }
      }
      newest.put(hardware, known);
    }
    return known;
  }

  private boolean isFor(ImageVersion version, String hardware) throws IOException {
    return build(version).stream()
        .flatMap(files -> files.manifest().hardware().stream())
        .anyMatch(listed -> listed.id().equals(hardware));
  }

  /** What is on record of a build, without reading it; empty when it was never here. */
  Optional<FiledBuild> filed(ImageVersion version) {
    if (filed.isEmpty()) {
      builds.filed(product).forEach(build -> filed.put(build.version(), build));
    }
    return Optional.ofNullable(filed.get(version));
  }

  private Optional<BuildFiles> find(ImageVersion version) throws IOException {
    Optional<Build> build = builds.find(product, version);
    if (build.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(builds.files(build.get()));
    } catch (NoSuchFileException pruned) {
      return Optional.empty();
    }
  }

  /** Digest of a build's manifest file. */
  Digest manifestDigest(BuildFiles build) {
    return manifests.computeIfAbsent(build, BuildFiles::manifestDigest);
  }

  /** Digest of what is left of it without the keys that are gone. */
  Digest manifestDigest(BuildFiles build, World world) {
    if (world.gone().keys().isEmpty()) {
      return manifestDigest(build);
    }
    return cut.computeIfAbsent(world.gone().ids(), ids -> new IdentityHashMap<>())
        .computeIfAbsent(build, files -> cut(files, world));
  }

  private static Digest cut(BuildFiles build, World world) {
    try {
      return Digest.of(new WithoutKeys(world.gone().keys()).of(build.envelope()));
    } catch (RejectedException e) {
      throw new IllegalStateException("a stored manifest is damaged", e);
    }
  }

  /** Whether a listed build's manifest has a signature of each kind by keys that are left. */
  boolean isHybrid(Head.Candidate candidate, World world) {
    try {
      Optional<BuildFiles> files = build(candidate.version());
      if (files.isEmpty()) {
        return false;
      }
      if (signatures.isEmpty()) {
        signatures.addAll(keys.get());
      }
      Set<Digest> signers =
          Envelope.read(files.get().envelope().toByteArray()).signatures().stream()
              .map(Envelope.Signature::keyId)
              .filter(key -> !world.isGone(key))
              .collect(Collectors.toSet());
      Set<Boolean> kinds =
          signatures.stream()
              .filter(key -> signers.contains(key.keyId()))
              .map(key -> key.suite().isPostQuantum())
              .collect(Collectors.toSet());
      return kinds.size() == 2;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RejectedException e) {
      throw new IllegalStateException("a stored manifest is damaged", e);
    }
  }

  /** What would keep a device under this profile from trusting its catalogue. */
  Optional<RejectedException> untrusted(Profile brought) {
    return untrusted.computeIfAbsent(
        brought.digest(),
        digest -> {
          try {
            lineages.requireTrustedUnder(brought);
            return Optional.empty();
          } catch (RejectedException e) {
            return Optional.of(e);
          }
        });
  }
}
