package dev.otasigner.service.fleet;

import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.SecondAdministrator;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.SignerException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Who changes a product's policy: one administrator, and where there is another one of the product,
 * that one confirms it. Any change, since which one loosens is not for a program to tell.
 */
@Component
class PolicyChanges {
  private static final Duration STANDS = Duration.ofDays(7);

  /** Of one product; who proposes without end is answered by dropping. */
  private static final int MAX_WAITING = 20;

  /** What takes somebody's say away, and with it what they proposed. */
  private static final Set<String> GONE = Set.of("user.deleted", "user.roles-taken");

  private final Products products;
  private final PolicyChangeStore store;
  private final SecondAdministrator second;
  private final ObjectProvider<PolicyGuard> guards;
  private final AuditLog audit;
  private final Clock clock;

  PolicyChanges(
      Products products,
      PolicyChangeStore store,
      SecondAdministrator second,
      ObjectProvider<PolicyGuard> guards,
      AuditLog audit,
      Clock clock) {
    this.products = products;
    this.store = store;
    this.second = second;
    this.guards = guards;
    this.audit = audit;
    this.clock = clock;
  }

  /**
   * Replaces the policy, or keeps it for a second administrator.
   *
   * @throws SignerException WOULD_STRAND when builds to come would leave devices behind
   * @return what waits; empty when it is done
   */
  @Transactional
  public Optional<PolicyChange> ask(Actor actor, String product, ProductPolicy policy) {
    second.lock();
    ProductPolicy before = products.require(product).policy();
    String person = second.person(actor, product);
    requireServed(product, before, policy);
    if (!second.isNeeded(person, product)) {
      products.change(product, policy, Map.of());
      return Optional.empty();
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    store.deleteExpired(now);
    if (store.waiting(product, now).size() >= MAX_WAITING) {
      throw SignerException.conflict(
          MAX_WAITING + " policies of " + product + " wait already: confirm or drop them first");
    }
    PolicyChange change =
        new PolicyChange(
            UUID.randomUUID(), product, policy, before.digest(), person, now.plus(STANDS));
    store.add(change, now);
    record("policy.change-proposed", change);
    return Optional.of(change);
  }

  /**
   * The second pair of eyes, on the difference that the first one saw.
   *
   * @throws SignerException FORBIDDEN for whoever proposed it; CONFLICT when the policy has changed
   *     since
   */
  @Transactional
  public ProductPolicy confirm(Actor actor, String product, UUID id) {
    second.lock();
    PolicyChange change = find(product, id);
    SecondAdministrator.requireOther(second.person(actor, product), change.proposedBy());
    ProductPolicy before = products.require(product).policy();
    if (!before.digest().equals(change.replaces())) {
      throw SignerException.conflict(
          "the policy of " + product + " has changed since this was proposed: propose it again");
    }
    requireServed(product, before, change.policy());
    store.delete(id);
    return products
        .change(product, change.policy(), Map.of("proposedBy", change.proposedBy()))
        .policy();
  }

  /** Takes a proposal back, or turns it down; any administrator of the product may. */
  @Transactional
  public void drop(Actor actor, String product, UUID id) {
    second.lock();
    second.person(actor, product);
    PolicyChange change = find(product, id);
    store.delete(id);
    record("policy.change-dropped", change);
  }

  @Transactional(readOnly = true)
  public List<PolicyChange> waiting(String product) {
    products.require(product);
    return store.waiting(product, clock.instant());
  }

  @EventListener
  void onAccessChanged(AccessChanged event) {
    if (GONE.contains(event.action())) {
      store.deleteOf(event.subject());
    }
  }

  private void requireServed(String product, ProductPolicy before, ProductPolicy after) {
    guards.orderedStream().forEach(guard -> guard.requireServed(product, before, after));
  }

  private PolicyChange find(String product, UUID id) {
    products.require(product);
    return store
        .find(product, id, clock.instant())
        .orElseThrow(() -> SignerException.notFound("policy change " + id));
  }

  private void record(String action, PolicyChange change) {
    audit.record(
        action,
        "product:" + change.product(),
        Map.of(
            "id", change.id().toString(),
            "before", change.replaces().hex(),
            "after", change.policy().digest().hex(),
            "policy", Products.text(change.policy()),
            "proposedBy", change.proposedBy()));
  }
}
