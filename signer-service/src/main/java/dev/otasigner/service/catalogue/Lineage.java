package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import jakarta.persistence.Column;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** A root chain of a product. Its kinds of keys never change: another kind is another lineage. */
@Entity
@Table(name = "catalogue_lineage")
class Lineage {
  /** All kinds there are: each channel's role is like the others'. */
  static final List<String> ROLES =
      List.of(Metadata.ROOT, Metadata.TARGETS, Metadata.SNAPSHOT, Metadata.TIMESTAMP, "a channel");

  @EmbeddedId private LineageKey key;

  @Column(name = "post_quantum")
  private boolean postQuantum;

  @Column(name = "root_sha256")
  private String rootSha256;

  private Instant created;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected Lineage() {}

  Lineage(LineageKey key, boolean postQuantum, Digest rootSha256, Instant created) {
    this.key = key;
    this.postQuantum = postQuantum;
    this.rootSha256 = rootSha256.hex();
    this.created = created;
  }

  LineageKey key() {
    return key;
  }

  String product() {
    return key.product();
  }

  String name() {
    return key.name();
  }

  Digest rootSha256() {
    return new Digest(rootSha256);
  }

  boolean isPostQuantum() {
    return postQuantum;
  }

  /** The most that a profile may demand of this lineage. */
  Profile.Thresholds thresholds() {
    return thresholds(postQuantum);
  }

  static Profile.Thresholds thresholds(boolean postQuantum) {
    return new Profile.Thresholds(1, postQuantum ? 1 : 0);
  }

  /**
   * Returns only when a device under the profile would trust what the service signs these roles of
   * such a lineage with.
   *
   * @param online some of {@link #ROLES}: people sign the others
   * @throws RejectedException BELOW_THRESHOLD; its sentence names the role and what signs it
   */
  static void requireTrustedUnder(Profile profile, boolean postQuantum, Set<String> online)
      throws RejectedException {
    LineagePolicy policy = LineagePolicy.of(profile);
    for (String role : ROLES) {
      if (!online.contains(role)) {
        continue;
      }
      List<SignatureSuite> suites = KeyringRoles.suites(role, postQuantum);
      try {
        policy.requireSigners(role, suites, suites.size());
      } catch (RejectedException e) {
        List<String> codes = suites.stream().map(SignatureSuite::code).toList();
        throw e.in("signed with " + String.join(" and ", codes));
      }
    }
  }

  Json.Obj toJson() {
    return Json.object()
        .put("product", product())
        .put("name", name())
        .put("postQuantum", postQuantum)
        .put("rootSha256", rootSha256())
        .put("created", created)
        .build();
  }
}
