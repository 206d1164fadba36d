package dev.otasigner.service.access;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/** A user signed in, until it expires or is closed. */
@Entity
@Table(name = "access_session")
class Session {
  @Id
  @Column(name = "token_sha256")
  private String tokenSha256;

  @Column(name = "user_name")
  private String userName;

  private Instant created;
  private Instant expires;

  @SuppressWarnings("NullAway.Init") // for Hibernate
  protected Session() {}

  Session(String tokenSha256, String userName, Instant created, Instant expires) {
    this.tokenSha256 = tokenSha256;
    this.userName = userName;
    this.created = created;
    this.expires = expires;
  }

  String tokenSha256() {
    return tokenSha256;
  }

  String userName() {
    return userName;
  }

  Instant created() {
    return created;
  }

  Instant expires() {
    return expires;
  }
}
