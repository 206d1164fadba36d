package dev.otasigner.service.access;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
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

  User(String name, String passwordHash, Rights rights, Instant created) {
    this.name = name;
    this.password = passwordHash;
    this.oneTime = true;
    this.roles = rights.join();
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

  Rights rights() {
    return Rights.split(roles);
  }

  void become(Rights rights) {
    this.roles = rights.join();
  }

  Instant created() {
    return created;
  }

  void changePassword(String passwordHash, boolean byOther) {
    this.password = passwordHash;
    this.oneTime = byOther;
  }

  /** How the log names the user. */
  String label() {
    return Actor.Kind.USER.code() + ":" + name;
  }

  /** With no right at all as long as the password is one that somebody else has seen. */
  Actor actor() {
    return new Actor(Actor.Kind.USER, name, oneTime ? Rights.NONE : rights());
  }
}
