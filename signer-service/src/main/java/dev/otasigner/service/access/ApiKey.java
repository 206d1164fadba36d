package dev.otasigner.service.access;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A program's credential, known by its hash. */
@Entity
@Table(name = "access_api_key")
class ApiKey {
  @Id private UUID id;
  private String name;

  @Column(name = "secret_sha256")
  private String secretSha256;

  private String roles;
  private @Nullable String product;

  @Column(name = "created_by")
  private String createdBy;

  private Instant created;
  private Instant expires;
  private @Nullable Instant revoked;

  @SuppressWarnings("NullAway.Init") // for Hibernate
  protected ApiKey() {}

  ApiKey(
      String name,
      Secret secret,
      Rights rights,
      @Nullable String product,
      String createdBy,
      Validity validity) {
    this.id = UUID.randomUUID();
    this.name = name;
    this.secretSha256 = secret.sha256().hex();
    this.roles = rights.join();
    this.product = product;
    this.createdBy = createdBy;
    this.created = validity.from();
    this.expires = validity.until();
  }

  /** From when until when a credential is good. */
  record Validity(Instant from, Instant until) {}

  UUID id() {
    return id;
  }

  String name() {
    return name;
  }

  /** As it was made; what it may do now is no more than its maker may. */
  Rights rights() {
    Rights named = Rights.split(roles);
    return product == null ? named : named.forProduct(product);
  }

  /** Without the product that all of them are bound to. */
  List<String> roles() {
    return Rights.split(roles).texts();
  }

  Optional<String> product() {
    return Optional.ofNullable(product);
  }

  String createdBy() {
    return createdBy;
  }

  Instant created() {
    return created;
  }

  Instant expires() {
    return expires;
  }

  boolean isGood(Instant now) {
    return revoked == null && expires.isAfter(now);
  }

  void revoke(Instant now) {
    this.revoked = now;
  }

  boolean isRevoked() {
    return revoked != null;
  }

  /** With as much of its rights as its maker still holds. */
  Actor actor(Rights makers) {
    return new Actor(Actor.Kind.API_KEY, name, rights().within(makers));
  }
}
