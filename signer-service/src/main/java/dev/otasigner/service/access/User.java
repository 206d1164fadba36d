package dev.otasigner.service.access;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A person who signs in with a password. */
@Entity
@Table(name = "access_user")
class User {
  @Id private String name;
  private String password;

  @Column(name = "one_time")
  private boolean oneTime;

  private String roles;
  private Instant created;
  @Version private @Nullable Long edition;

  @SuppressWarnings("NullAway.Init") // for Hibernate
  protected User() {}

  User(String name, String passwordHash, Set<Role> roles, Instant created) {
    this.name = name;
    this.password = passwordHash;
    this.oneTime = true;
    this.roles = Role.join(roles);
    this.created = created;
  }

  String name() {
    return name;
  }

  String passwordHash() {
    return password;
  }

  /** The password was made by the service or an administrator: good for setting another only. */
  boolean isOneTime() {
    return oneTime;
  }

  Set<Role> roles() {
    return Role.split(roles);
  }

  Instant created() {
    return created;
  }

  void changePassword(String passwordHash, boolean byOther) {
    this.password = passwordHash;
    this.oneTime = byOther;
  }

  /** With no role at all as long as the password is one that somebody else has seen. */
  Actor actor() {
    return new Actor(
        Actor.Kind.USER, name, oneTime ? Set.of() : roles(), java.util.Optional.empty());
  }
}
