package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.authority.AuthorityKeyType;
import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.listeners.DeviceTrust;
import dev.otasigner.service.rotation.Impact.Obstacle;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import java.time.Instant;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/**
 * What a device needs besides a build that it takes and a door to come through: a catalogue that is
 * signed, servers it knows, and a certificate that they know.
 */
final class Standing implements BiFunction<DeviceState, Profile, Optional<Obstacle>> {
  /** The reason for a certificate that can not be renewed any more. */
  static final String CERTIFICATE = "certificate-expired";

  private final Set<String> unsigned = new HashSet<>();
  private final Set<String> ended;
  private final Set<Digest> servers = new HashSet<>();
  private final Set<SignatureSuite> deviceAuthorities = new HashSet<>();
  private final Optional<Instant> at;
  private final Map<String, Instant> rootEnds;

  Standing(String product, Change change, Catalogue catalogue) {
    for (KeyEntry key : change.retired()) {
      unsigned.addAll(catalogue.signedBy(product, key.keyId()));
      if (key.purpose() == KeyPurpose.DEVICE_CA) {
        deviceAuthorities.add(key.suite());
      } else if (key.purpose() != KeyPurpose.IMAGE && key.purpose() != KeyPurpose.MANIFEST) {
        servers.add(key.keyId());
      }
    }
    this.ended = change.endedLineages();
    this.at = change.at();
    this.rootEnds = at.isPresent() ? catalogue.rootEnds(product) : Map.of();
  }

  /** Whether the change takes away what a device in this state leans on. */
  boolean concerns(DeviceState state, Profile profile) {
    return lost(state, profile).isPresent();
  }

  @Override
  public Optional<Obstacle> apply(DeviceState state, Profile profile) {
    return lost(state, profile).or(() -> at.flatMap(time -> over(state, time)));
  }

  private Optional<Obstacle> lost(DeviceState state, Profile profile) {
    if (unsigned.contains(state.lineage())) {
      return Optional.of(
          new Obstacle(
              "catalogue",
              "below-threshold",
              "the metadata of lineage "
                  + state.lineage()
                  + " is signed by this key, and clients demand it"));
    }
    if (ended.contains(state.lineage())) {
      return Optional.of(
          new Obstacle(
              "catalogue",
              "metadata-expired",
              "the metadata of lineage " + state.lineage() + " would be signed no more"));
    }
    if (profile.tls().serverAnchors().stream().anyMatch(servers::contains)) {
      return Optional.of(Obstacle.unreachable("it trusts servers that this authority vouches for"));
    }
    if (Cohort.isEnrolled(state)
        && deviceAuthorities.contains(
            AuthorityKeyType.forKey(state.clientCert().keyType()).suite())) {
      return Optional.of(
          new Obstacle(
              "connection",
              "unreachable",
              "its certificate is by this authority, and so would be the one it renews to"));
    }
    return Optional.empty();
  }

  /** What has run out by then when nobody renews it. */
  private Optional<Obstacle> over(DeviceState state, Instant time) {
    Instant root = rootEnds.get(state.lineage());
    if (root != null && !root.isAfter(time)) {
      return Optional.of(
          new Obstacle(
              "catalogue",
              "metadata-expired",
              "the root of lineage " + state.lineage() + " ends at " + root));
    }
    Instant certificate = state.clientCert().notAfter();
    if (Cohort.isEnrolled(state) && !certificate.plus(DeviceTrust.RENEWABLE).isAfter(time)) {
      return Optional.of(
          new Obstacle(
              "connection",
              CERTIFICATE,
              "its certificate ends at "
                  + certificate
                  + " at the earliest, and can be renewed for "
                  + DeviceTrust.RENEWABLE.toDays()
                  + " days more"));
    }
    return Optional.empty();
  }
}
