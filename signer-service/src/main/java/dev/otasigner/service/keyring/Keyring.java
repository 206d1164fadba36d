package dev.otasigner.service.keyring;

import static dev.otasigner.service.keyring.Refusals.told;

import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.KeyState;
import dev.otasigner.keys.Limits;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.SoftKey;
import dev.otasigner.keys.worker.RemoteWorker;
import dev.otasigner.keys.worker.Rule;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * The service's keys: how they are made, and what becomes of them. Every refusal is a {@link
 * SignerException}: NOT_FOUND, CONFLICT, KEY_NOT_USABLE (with member {@code code}),
 * TOKEN_UNAVAILABLE, BAD_REQUEST.
 */
@Component
public class Keyring {
  private static final Logger log = LoggerFactory.getLogger(Keyring.class);

  private final KeyRows rows;
  private final Tokens tokens;
  private final AuditLog audit;
  private final ObjectProvider<RetirementGuard> guards;
  private final RuleEnds ruleEnds;
  private final TransactionTemplate transaction;
  private final Clock clock;

  Keyring(
      KeyRows rows,
      Tokens tokens,
      AuditLog audit,
      ObjectProvider<RetirementGuard> guards,
      RuleEnds ruleEnds,
      TransactionTemplate transaction,
      Clock clock) {
    this.rows = rows;
    this.tokens = tokens;
    this.audit = audit;
    this.guards = guards;
    this.ruleEnds = ruleEnds;
    this.transaction = transaction;
    this.clock = clock;
  }

  /** Makes a key that serves all products; it signs once it is activated. */
  @Transactional
  public KeyEntry create(String name, KeyPurpose purpose, SignatureSuite suite) {
    return create(name, purpose, suite, Optional.empty());
  }

  /** Makes a key in the software token; it signs once it is activated. */
  @Transactional
  public KeyEntry create(
      String name, KeyPurpose purpose, SignatureSuite suite, Optional<String> product) {
    return create(TokenName.SOFTWARE, new KeySpec(name, suite, purpose), product);
  }

  /** Makes a key; it signs once it is activated. */
  @Transactional
  public KeyEntry create(TokenName token, KeySpec spec, Optional<String> product) {
    Worker worker = tokens.of(token);
    AtomicBoolean left = new AtomicBoolean();
    KeyEntry entry =
        register(
            token,
            spec,
            product,
            "key.created",
            () -> {
              Optional<TokenKey> found = unregistered(worker, spec);
              left.set(found.isPresent());
              return found.orElseGet(() -> worker.create(spec));
            });
    if (left.get()) {
      // Last, since it cannot be taken back: until its row is there the key may be another's.
      audit.writeOut();
      told(
          () -> {
            worker.narrow(entry.keyId(), spec.limits());
            return entry;
          });
    }
    return entry;
  }

  /**
   * Takes in a key made elsewhere; it signs once it is activated.
   *
   * @param pkcs8 PrivateKeyInfo in DER; wiped
   */
  @Transactional
  public KeyEntry importKey(TokenName token, KeySpec spec, Optional<String> product, byte[] pkcs8) {
    try {
      Worker worker = tokens.of(token);
      return register(
          token,
          spec,
          product,
          "key.imported",
          () -> {
            requireUnregistered(SoftKey.publicHalf(spec.suite(), pkcs8).keyId());
            return worker.importKey(spec, pkcs8);
          });
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  /**
   * Takes up a key that lies in the token already; it signs once it is activated.
   *
   * @param uri where it lies: an RFC 7512 URI
   */
  @Transactional
  public KeyEntry adopt(TokenName token, KeySpec spec, Optional<String> product, String uri) {
    Worker worker = tokens.of(token);
    return register(
        token,
        spec,
        product,
        "key.adopted",
        () -> {
          TokenKey key = worker.adopt(spec, uri);
          if (isElsewhere(key.keyId(), token)) {
            worker.retire(key.keyId()); // which key it is was known only now
          }
          return key;
        });
  }

  /** Whether the key lies in another token by its row, or nowhere any more. */
  private boolean isElsewhere(Digest keyId, TokenName token) {
    return rows.findById(keyId.hex())
        .map(KeyRow::entry)
        .filter(known -> known.token() != token || known.state() == KeyState.DESTROYED)
        .isPresent();
  }

  /** A key has one row, whatever has become of it: no other token and no other name gets it. */
  private void requireUnregistered(Digest keyId) {
    rows.findById(keyId.hex())
        .map(KeyRow::entry)
        .ifPresent(
            known -> {
              throw SignerException.conflict(
                  "this key is there already: '"
                      + known.name()
                      + "' in the token "
                      + known.token().code()
                      + ", "
                      + known.state().code());
            });
  }

  private KeyEntry register(
      TokenName token,
      KeySpec spec,
      Optional<String> product,
      String action,
      Supplier<TokenKey> make) {
    if (rows.findByName(spec.name()).isPresent()) {
      throw SignerException.conflict("a key named '" + spec.name() + "' is there already");
    }
    TokenKey key = told(make);
    requireUnregistered(key.keyId());
    Actor actor = Actor.current();
    KeyRow row = rows.saveAndFlush(new KeyRow(token, key, product, clock.instant(), actor.label()));
    Map<String, String> details = new LinkedHashMap<>();
    details.put("keyId", key.keyId().hex());
    details.put("token", token.code());
    details.put("purpose", key.purpose().code());
    details.put("suite", key.suite().code());
    product.ifPresent(p -> details.put("product", p));
    audit.record(action, "key:" + spec.name(), details);
    return row.entry();
  }

  /**
   * A key that the token made for this very wish, before a crash kept its row from being written.
   * Without a rule it is not finished: the worker itself takes it up then.
   */
  private static Optional<TokenKey> unregistered(Worker worker, KeySpec spec) {
    Optional<TokenKey> key =
        worker.find(spec.name()).filter(found -> worker.rule(found.keyId()).isPresent());
    if (key.isPresent()
        && (key.get().purpose() != spec.purpose() || key.get().suite() != spec.suite())) {
      throw new NameTaken("the token holds another key named '" + spec.name() + "'");
    }
    return key;
  }

  /** The key may sign from now on. */
  public KeyEntry activate(Digest keyId) {
    return change(keyId, KeyState.ACTIVE, Optional.empty());
  }

  /**
   * The key signs no more, for good.
   *
   * @throws SignerException WOULD_STRAND when a device still needs it
   */
  public KeyEntry deactivate(Digest keyId) {
    return change(keyId, KeyState.DEACTIVATED, Optional.empty());
  }

  /**
   * Moves a key to another state, in one transaction with whatever guards it. A key that is stopped
   * signs no more at once; then its worker ends its own rule, which nobody who only has the
   * database can bring back, or is told when it is back.
   */
  public KeyEntry change(Digest keyId, KeyState next, Optional<String> reason) {
    Map<String, String> consequences = consequences(keyId, next);
    KeyEntry changed =
        Objects.requireNonNull(
            transaction.execute(status -> changed(keyId, next, reason, consequences)));
    if (!changed.ruleEndOwed()) {
      return changed;
    }
    ruleEnds.tell(changed);
    return rows.findById(keyId.hex()).map(KeyRow::entry).orElse(changed);
  }

  /**
   * A stolen key is stopped whoever needs it, and a suspended one may come back: both are told of,
   * as far as that is known, and neither waits for it.
   */
  private Map<String, String> consequences(Digest keyId, KeyState next) {
    Map<String, String> all = new LinkedHashMap<>();
    if (next == KeyState.COMPROMISED || next == KeyState.SUSPENDED) {
      KeyEntry entry = byId(keyId);
      try {
        guards.orderedStream().forEach(guard -> all.putAll(guard.consequences(entry)));
      } catch (RuntimeException e) {
        log.error("who needs key {} is not known now", entry.name(), e);
        all.put("strands", "unknown");
      }
    }
    return all;
  }

  private KeyEntry changed(
      Digest keyId, KeyState next, Optional<String> reason, Map<String, String> consequences) {
    if (next == KeyState.DEACTIVATED) {
      // What one key's guards find, another key's retirement would change.
      rows.lockRetiring();
    }
    KeyRow row = rows.lock(keyId.hex()).orElseThrow(() -> unknown(keyId.hex()));
    told(
        () -> {
          row.become(next, clock.instant(), Actor.current().label(), reason.orElse(null));
          return row;
        });
    row.oweRuleEnd(next == KeyState.DEACTIVATED || next == KeyState.COMPROMISED);
    KeyEntry entry = row.entry();
    if (next == KeyState.DEACTIVATED) {
      guards.orderedStream().forEach(guard -> guard.requireUnneeded(entry));
    }
    rows.flush();
    Map<String, String> details = new LinkedHashMap<>();
    details.put("keyId", keyId.hex());
    reason.ifPresent(r -> details.put("reason", r));
    details.putAll(consequences);
    audit.record("key." + next.code(), "key:" + entry.name(), details);
    if (next == KeyState.DESTROYED) {
      // Last, since it cannot be taken back.
      audit.writeOut();
      told(
          () -> {
            tokens.holding(entry.token(), keyId).forEach(worker -> destroy(worker, keyId));
            return entry;
          });
    }
    return entry;
  }

  /**
   * Narrows when and how often the key signs, for good. An end to come is for keys that nobody
   * needs once all have taken what is offered; one that has come, and no signatures at all, for
   * those that nobody needs now.
   *
   * @throws SignerException KEY_NOT_USABLE with code {@code limit-wider} when it would allow more;
   *     WOULD_STRAND
   */
  @Transactional
  public KeyEntry limit(Digest keyId, Limits limits) {
    rows.lockRetiring();
    KeyEntry entry = byId(keyId);
    requireUnneededAfter(entry, limits);
    Map<String, String> details = new LinkedHashMap<>();
    details.put("keyId", keyId.hex());
    limits.notBefore().ifPresent(at -> details.put("notBefore", at.toString()));
    limits.notAfter().ifPresent(at -> details.put("notAfter", at.toString()));
    limits.quota().ifPresent(most -> details.put("quota", most.toString()));
    audit.record("key.limited", "key:" + entry.name(), details);
    // Last, since it cannot be taken back.
    audit.writeOut();
    return told(
        () -> {
          List<Worker> holding = tokens.holding(entry.token(), keyId);
          holding.get(0).narrow(keyId, limits);
          holding.stream()
              .skip(1)
              .filter(worker -> worker.rule(keyId).isPresent())
              .forEach(worker -> worker.narrow(keyId, limits));
          return entry;
        });
  }

  private void requireUnneededAfter(KeyEntry entry, Limits limits) {
    Instant now = clock.instant();
    if (entry.state() == KeyState.DEACTIVATED
        || entry.state() == KeyState.COMPROMISED
        || entry.state() == KeyState.DESTROYED) {
      return; // it signs nothing as it is
    }
    Optional<Instant> end =
        limits.quota().filter(most -> most == 0).isPresent()
            ? Optional.of(now)
            : limits.notAfter().map(at -> at.isBefore(now) ? now : at);
    end.ifPresent(
        at ->
            guards
                .orderedStream()
                .forEach(
                    guard -> {
                      if (at.isAfter(now)) {
                        guard.requireLeaving(entry, at);
                      } else {
                        guard.requireUnneeded(entry);
                      }
                    }));
  }

  /**
   * What the worker allows the key now.
   *
   * @param remaining signatures left of the quota
   */
  record Allowance(Rule rule, Optional<Long> remaining) {}

  /** What the worker allows the key, while it answers and has a rule. */
  Optional<Allowance> allowance(KeyEntry entry) {
    try {
      return tokens
          .of(entry.token())
          .rule(entry.keyId())
          .map(rule -> new Allowance(rule, tokens.of(entry.token()).remaining(entry.keyId())));
    } catch (TokenUnavailable e) {
      return Optional.empty();
    }
  }

  private static void destroy(Worker worker, Digest keyId) {
    try {
      worker.destroy(keyId);
    } catch (NoSuchKey e) {
      // Destroyed before a crash kept the row from saying so.
    }
  }

  /**
   * Waits until nobody else judges what devices need, and keeps others waiting until the
   * transaction under way ends.
   */
  public void lockRetiring() {
    rows.lockRetiring();
  }

  /** All keys, by name. */
  @Transactional(readOnly = true)
  public List<KeyEntry> list() {
    return rows.allByName().stream().map(KeyRow::entry).toList();
  }

  /** The key of this name or this identifier. */
  @Transactional(readOnly = true)
  public Optional<KeyEntry> find(String nameOrId) {
    return row(nameOrId).map(KeyRow::entry);
  }

  /**
   * The key of this name.
   *
   * @throws SignerException NOT_FOUND
   */
  @Transactional(readOnly = true)
  public KeyEntry byName(String name) {
    return rows.findByName(name).map(KeyRow::entry).orElseThrow(() -> unknown(name));
  }

  /**
   * The key of this identifier.
   *
   * @throws SignerException NOT_FOUND
   */
  @Transactional(readOnly = true)
  public KeyEntry byId(Digest keyId) {
    return rows.findById(keyId.hex()).map(KeyRow::entry).orElseThrow(() -> unknown(keyId.hex()));
  }

  /** How the key came into its states, the first one first. */
  @Transactional(readOnly = true)
  List<Transition> history(Digest keyId) {
    return rows.findById(keyId.hex()).map(KeyRow::transitions).orElse(List.of());
  }

  private Optional<KeyRow> row(String nameOrId) {
    Optional<KeyRow> named = rows.findByName(nameOrId);
    return named.isPresent() ? named : rows.findById(nameOrId);
  }

  private static SignerException unknown(String nameOrId) {
    return SignerException.notFound("key '" + nameOrId + "'");
  }

  /** How many approvals the worker's own configuration asks for each time the key signs. */
  public int minApprovals(Digest keyId) {
    return told(() -> worker(keyId).rule(keyId)).map(Rule::minApprovals).orElse(0);
  }

  /**
   * Returns only when the key's worker takes this envelope for an approver's word on a request.
   *
   * @throws SignerException APPROVAL_MISSING with member {@code code}, TOKEN_UNAVAILABLE
   */
  public void requireApproval(Digest keyId, Bytes document, Bytes approval) {
    told(
        () -> {
          worker(keyId).requireApproval(document, approval);
          return keyId;
        });
  }

  private Worker worker(Digest keyId) {
    return tokens.of(
        rows.findById(keyId.hex()).map(row -> row.entry().token()).orElse(TokenName.SOFTWARE));
  }

  /** The tokens that this service has. */
  Set<TokenName> tokens() {
    return tokens.names();
  }

  /**
   * Returns only when the token signs now.
   *
   * @throws SignerException TOKEN_UNAVAILABLE otherwise
   */
  void probe(TokenName token) {
    told(
        () -> {
          tokens.of(token).probe();
          return token;
        });
  }

  /** Keys whose token gave a signature that did not verify; replace them. */
  Set<Digest> outOfService(TokenName token) {
    return told(() -> tokens.of(token).outOfService());
  }

  /** Keys of the token that were stopped and whose worker has still to be told, by identifier. */
  List<String> ruleEndsOwed(TokenName token) {
    return ruleEnds.owed().stream()
        .filter(key -> key.token() == token)
        .map(key -> key.keyId().hex())
        .toList();
  }

  /** How the worker's processes fare, where the token has any. */
  Optional<RemoteWorker.Standing> standing(TokenName token) {
    return tokens.standing(token);
  }
}
