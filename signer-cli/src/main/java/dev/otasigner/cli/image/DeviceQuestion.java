package dev.otasigner.cli.image;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.policy.Accepted;
import dev.otasigner.verifier.policy.Candidate;
import dev.otasigner.verifier.policy.UpgradePolicy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Would this device take the whole build? The same call as the device's own, with the build listed
 * as its manifest states it; freshness of a catalogue is not asked.
 */
record DeviceQuestion(Terminal terminal, Path state, List<Path> profiles) {
  private static final Bytes NO_SALT = Bytes.copyOf(new byte[8]);
  private static final int WHOLE_FLEET = 1000;
  private static final String RUNNING_PROFILE = "runningProfile";

  VerifyCommand.Answer ask(Path image, Path manifestFile, @Nullable Path component)
      throws IOException, RejectedException {
    Map<Digest, Profile> known = new LinkedHashMap<>();
    DeviceState device = device(known);
    Bytes envelope = Bytes.copyOf(bounded(manifestFile, Envelope.MAX_BYTES));
    Manifest manifest = unverified(envelope);
    for (Path file : profiles) {
      learn(known, bounded(file, Profile.MAX_BYTES));
    }
    Path beside = manifestFile.resolveSibling(manifest.profile() + ".profile");
    if (!known.containsKey(manifest.profile()) && Files.isRegularFile(beside)) {
      learn(known, bounded(beside, Profile.MAX_BYTES));
    }
    Head.Candidate listing =
        Head.Candidate.of(
            manifest, device.channel(), device.hardware().id(), false, NO_SALT, WHOLE_FLEET);
    Candidate candidate =
        new Candidate(
            listing,
            variant(image, manifest, listing),
            envelope,
            ByteSource.of(image),
            profile(known, manifest.profile(), "the new build"),
            Optional.ofNullable(component).map(ByteSource::of));
    Profile running = profile(known, device.running().profile(), "the running build");
    Accepted accepted = UpgradePolicy.judge(device, running, candidate);
    return answer(accepted, suites(accepted, running, envelope));
  }

  /** The state, and the profile that {@code signer device state} writes with it. */
  private DeviceState device(Map<Digest, Profile> known) throws IOException, RejectedException {
    int maxBytes = DeviceState.MAX_BYTES + Profile.MAX_BYTES;
    Map<String, Json> members =
        new LinkedHashMap<>(
            JsonReader.readObject(bounded(state, maxBytes), maxBytes).json().members());
    Json profile = members.remove(RUNNING_PROFILE);
    if (profile != null) {
      learn(known, profile.canonicalBytes());
    }
    return DeviceState.read(new Json.Obj(members).canonicalBytes());
  }

  private static void learn(Map<Digest, Profile> known, byte[] bytes) throws RejectedException {
    Profile profile = Profile.read(bytes);
    known.put(profile.digest(), profile);
  }

  /** Of the image, and of the manifest's signatures by keys of the running profile. */
  private static Set<SignatureSuite> suites(Accepted accepted, Profile running, Bytes envelope)
      throws RejectedException {
    Set<SignatureSuite> suites = EnumSet.of(accepted.variant().suite());
    Set<Digest> signers =
        Envelope.read(envelope.toByteArray()).signatures().stream()
            .map(Envelope.Signature::keyId)
            .collect(Collectors.toSet());
    running.anchors().stream()
        .map(Anchor::key)
        .filter(key -> signers.contains(key.keyId()))
        .forEach(key -> suites.add(key.suite()));
    return suites;
  }

  private static VerifyCommand.Answer answer(Accepted accepted, Set<SignatureSuite> suites) {
    return new VerifyCommand.Answer(
        Json.object()
            .put("accepted", true)
            .put("version", accepted.manifest().version().toString())
            .put("variant", accepted.variant().name())
            .put("after", accepted.after().toJson())
            .build(),
        "accepted, "
            + accepted.after().deviceId()
            + " would run "
            + accepted.manifest().version()
            + " with security counter "
            + accepted.after().securityCounter(),
        suites);
  }

  /** To list the build as it states itself; the judgement checks the signatures. */
  private static Manifest unverified(Bytes envelope) throws RejectedException {
    return Manifest.read(
        Envelope.read(envelope.toByteArray()).payloadOf(Manifest.PAYLOAD_TYPE).toByteArray());
  }

  /**
   * The listed file that the image seems to be, or the first: the judgement tells whether it is,
   * and why it is not. Only files of equal length have to be told apart by a digest of their own.
   */
  private static Head.Variant variant(Path image, Manifest manifest, Head.Candidate listing)
      throws IOException {
    long length = ByteSource.of(image).lengthBytes();
    List<Manifest.Variant> equallyLong =
        manifest.variants().stream().filter(v -> v.lengthBytes() == length).toList();
    Manifest.Variant seeming =
        equallyLong.isEmpty() ? manifest.variants().get(0) : equallyLong.get(0);
    if (equallyLong.size() > 1) {
      Digest digest = digest(image);
      for (Manifest.Variant variant : equallyLong) {
        seeming = variant.sha256().equals(digest) ? variant : seeming;
      }
    }
    return listing.variants().get(manifest.variants().indexOf(seeming));
  }

  private static Digest digest(Path file) throws IOException {
    MessageDigest sha256 = Digest.sha256();
    try (InputStream in = new DigestInputStream(ByteSource.of(file).open(), sha256)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return Digest.ofHash(sha256.digest());
  }

  private static Profile profile(Map<Digest, Profile> known, Digest digest, String whose) {
    Profile profile = known.get(digest);
    if (profile == null) {
      throw CommandFailedException.usage("no --profile is that of " + whose + ": " + digest)
          .hint(
              "signer profiles show "
                  + digest
                  + " --product PRODUCT > "
                  + digest
                  + ".profile, beside the manifest");
    }
    return profile;
  }

  private byte[] bounded(Path file, int maxBytes) throws IOException, RejectedException {
    try {
      return ByteSource.of(file).readAll(maxBytes);
    } catch (RejectedException e) {
      throw e.in(terminal.show(file));
    }
  }
}
