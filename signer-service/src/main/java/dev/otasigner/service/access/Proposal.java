package dev.otasigner.service.access;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/** A change of somebody's rights that waits for a second administrator. */
@Entity
@Table(name = "access_proposal")
class Proposal {
  static final Duration STANDS = Duration.ofDays(7);

  @Id private UUID id;
  private String kind;

  @Column(name = "user_name")
  private String userName;

  private String roles;

  @Column(name = "proposed_by")
  private String proposedBy;

  private Instant created;
  private Instant expires;

  @SuppressWarnings("NullAway.Init") // for Hibernate
  protected Proposal() {}

  Proposal(UserChange change, String proposedBy, Instant now) {
    this.id = UUID.randomUUID();
    this.kind = change.kind().name();
    this.userName = change.user();
    this.roles = change.rights().join();
    this.proposedBy = proposedBy;
    this.created = now;
    this.expires = now.plus(STANDS);
  }

  UUID id() {
    return id;
  }

  UserChange change() {
    return new UserChange(UserChange.Kind.valueOf(kind), userName, Rights.split(roles));
  }

  /** The person, also when the wish came by an API key of theirs. */
  String proposedBy() {
    return proposedBy;
  }

  Instant created() {
    return created;
  }

  Instant expires() {
    return expires;
  }
}
