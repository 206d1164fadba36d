package dev.otasigner.service.fleet;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.policy.ProfileFit;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Profiles, byte for byte as they were made: their digest is their name. */
@Component
public class Profiles {
  private final JdbcClient jdbc;
  private final Products products;
  private final ObjectProvider<LineageRoots> lineages;
  private final AuditLog audit;
  private final Clock clock;

  Profiles(
      JdbcClient jdbc,
      Products products,
      ObjectProvider<LineageRoots> lineages,
      AuditLog audit,
      Clock clock) {
    this.jdbc = jdbc;
    this.products = products;
    this.lineages = lineages;
    this.audit = audit;
    this.clock = clock;
  }

  public Optional<Bytes> bytes(Digest digest) {
    return jdbc.sql("select document from fleet_profile where digest = ? fetch first row only")
        .param(digest.hex())
        .query((row, n) -> Bytes.copyOf(row.getBytes(1)))
        .optional();
  }

  public Optional<Profile> find(String product, Digest digest) {
    return jdbc.sql("select document from fleet_profile where product = ? and digest = ?")
        .params(product, digest.hex())
        .query((row, n) -> read(row.getBytes(1)))
        .optional();
  }

  /**
   * What a device under this profile will have once it has enrolled. Of a profile that is not
   * registered nothing is known, and nothing is predicted.
   */
  DeviceState.ClientCert toCome(String product, Digest digest) {
    ClientKeyType key =
        find(product, digest).map(p -> p.tls().clientKey()).orElse(ClientKeyType.P_256);
    return new DeviceState.ClientCert(key, Cohorts.NEVER);
  }

  public List<Digest> list(String product) {
    return jdbc.sql("select digest from fleet_profile where product = ? order by created, digest")
        .param(product)
        .query((row, n) -> new Digest(row.getString(1)))
        .list();
  }

  /** What the roles of the product's lineages are signed with, for a profile that names one. */
  public LineageCheck lineages(String product) {
    return profile -> lineages.getObject().requireTrustedUnder(product, profile);
  }

  /**
   * Stores a profile; one that is there already stays as it is.
   *
   * @throws SignerException REFUSED when no device could live with it, or trust its catalogue
   */
  @Transactional
  public Profile register(String product, byte[] document) {
    products.require(product);
    Profile profile;
    try {
      profile = Profile.read(document);
      ProfileFit.requireSound(profile);
      ProfileFit.requireTrusted(profile, lineages(product));
    } catch (RejectedException e) {
      throw SignerException.refused(e);
    }
    if (find(product, profile.digest()).isEmpty()) {
      jdbc.sql("insert into fleet_profile values (?, ?, ?, ?)")
          .params(
              product,
              profile.digest().hex(),
              document,
              OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
          .update();
      audit.record("profile.registered", "profile:" + product + "/" + profile.digest(), Map.of());
    }
    return profile;
  }

  private static Profile read(byte[] document) {
    try {
      return Profile.read(document);
    } catch (RejectedException e) {
      throw new IllegalStateException("a registered profile is damaged", e);
    }
  }
}
