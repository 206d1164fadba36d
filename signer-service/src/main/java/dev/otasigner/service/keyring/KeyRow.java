package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyOperationException.NotUsable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import jakarta.persistence.CollectionTable;
import jakarta.persistence.Column;
import jakarta.persistence.ElementCollection;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.FetchType;
import jakarta.persistence.Id;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.OrderColumn;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.hibernate.annotations.JdbcTypeCode;
import org.hibernate.type.SqlTypes;
import org.jspecify.annotations.Nullable;

/** A key's row. */
@Entity
@Table(name = "keyring_key")
class KeyRow {
  @Id
  @Column(name = "key_id")
  @JdbcTypeCode(SqlTypes.CHAR)
  private String keyId;

  private String name;

  @Enumerated(EnumType.STRING)
  @JdbcTypeCode(SqlTypes.VARCHAR)
  private TokenName token;

  @Enumerated(EnumType.STRING)
  @JdbcTypeCode(SqlTypes.VARCHAR)
  private KeyPurpose purpose;

  @Enumerated(EnumType.STRING)
  @JdbcTypeCode(SqlTypes.VARCHAR)
  private SignatureSuite suite;

  private String spki;
  private @Nullable String product;

  @Enumerated(EnumType.STRING)
  @JdbcTypeCode(SqlTypes.VARCHAR)
  private KeyState state;

  private Instant created;

  @Column(name = "rule_end_owed")
  private boolean ruleEndOwed;

  @Column(name = "once_extractable")
  private boolean onceExtractable;

  @Version private @Nullable Long edition;

  @ElementCollection(fetch = FetchType.LAZY)
  @CollectionTable(name = "keyring_transition", joinColumns = @JoinColumn(name = "key_id"))
  @OrderColumn(name = "position")
  private List<Transition> transitions = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // for Hibernate
  protected KeyRow() {}

  KeyRow(TokenName token, TokenKey key, Optional<String> product, Instant now, String actor) {
    this.keyId = key.keyId().hex();
    this.name = key.name();
    this.token = token;
    this.purpose = key.purpose();
    this.suite = key.suite();
    this.spki = key.publicKey().spki().base64();
    this.product = product.orElse(null);
    this.state = KeyState.PRE_ACTIVATION;
    this.created = now;
    this.onceExtractable = key.onceExtractable();
    this.transitions.add(new Transition(state, now, actor, null));
  }

  /**
   * Moves to the next state.
   *
   * @throws NotUsable when SP 800-57 does not allow it
   */
  void become(KeyState next, Instant now, String actor, @Nullable String reason) {
    if (!state.mayBecome(next)) {
      throw new NotUsable(name, state, "become " + next.code());
    }
    state = next;
    transitions.add(new Transition(next, now, actor, reason));
  }

  /** The private half lies in the module from now on, and has lain outside until now. */
  void movedToHsm() {
    token = TokenName.HSM;
    onceExtractable = true;
  }

  /** Whether its worker has still to be told that it was stopped. */
  boolean ruleEndIsOwed() {
    return ruleEndOwed;
  }

  void oweRuleEnd(boolean owed) {
    ruleEndOwed = owed;
  }

  KeyState state() {
    return state;
  }

  List<Transition> transitions() {
    return List.copyOf(transitions);
  }

  KeyEntry entry() {
    try {
      return new KeyEntry(
          name,
          token,
          purpose,
          state,
          VerificationKey.of(suite, Bytes.ofBase64(spki)),
          Optional.ofNullable(product),
          created,
          ruleEndOwed,
          onceExtractable);
    } catch (RejectedException e) {
      throw new IllegalStateException("the row of key '" + name + "' is damaged", e);
    }
  }
}
