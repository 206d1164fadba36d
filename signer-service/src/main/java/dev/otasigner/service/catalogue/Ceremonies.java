package dev.otasigner.service.catalogue;

import dev.otasigner.service.access.AccessChanged;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.SecondAdministrator;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.catalogue.CeremonyJudgement.Judged;
import dev.otasigner.service.catalogue.Wanted.SignedByPeople;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.Voters;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Takes in the roots and targets roles that people have signed. What their signatures carry is
 * published at once; where the service's own root key has to hand a lineage over to them, an
 * administrator of the product wants it, and another one confirms it where there is one.
 */
@Component
class Ceremonies {
  private static final Duration STANDS = Duration.ofDays(7);

  /** What takes somebody's say away, and with it what they proposed. */
  private static final Set<String> GONE = Set.of("user.deleted", "user.roles-taken");

  private static final int MAX_WAITING = 5;

  private final Lineages lineages;
  private final Catalogue catalogue;
  private final RootProposals proposals;
  private final SecondAdministrator second;
  private final AuditLog audit;
  private final Clock clock;
  private final TransactionTemplate transaction;

  Ceremonies(
      Lineages lineages,
      Catalogue catalogue,
      RootProposals proposals,
      SecondAdministrator second,
      AuditLog audit,
      Clock clock,
      PlatformTransactionManager transactions) {
    this.lineages = lineages;
    this.catalogue = catalogue;
    this.proposals = proposals;
    this.second = second;
    this.audit = audit;
    this.clock = clock;
    this.transaction = new TransactionTemplate(transactions);
  }

  /**
   * Judges and publishes.
   *
   * @return what waits for another administrator; empty when it is done
   * @throws SignerException FORBIDDEN when it hands the lineage over and the caller is no
   *     administrator of the product
   */
  Optional<RootProposal> handIn(Actor actor, LineageKey key, HandedIn handed)
      throws RejectedException, IOException {
    Judged judged = judge(key, handed);
    if (!judged.asOldRoot()) {
      publish(key, judged, Map.of());
      return Optional.empty();
    }
    Optional<RootProposal> waiting = transaction.execute(s -> propose(actor, key, handed, judged));
    if (waiting != null && waiting.isPresent()) {
      return waiting;
    }
    publish(key, judged, Map.of());
    return Optional.empty();
  }

  private Optional<RootProposal> propose(
      Actor actor, LineageKey key, HandedIn handed, Judged judged) {
    second.lock();
    String person = second.person(actor, key.product());
    if (!second.isNeeded(person, key.product())) {
      return Optional.empty();
    }
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    proposals.deleteExpired(now);
    if (proposals.waiting(key, now).size() >= MAX_WAITING) {
      throw SignerException.conflict(
          MAX_WAITING + " roots of " + key.name() + " wait already: confirm or drop them first");
    }
    Digest root = judged.root().orElseThrow().fingerprint();
    RootProposal proposal =
        new RootProposal(UUID.randomUUID(), key, handed, root, person, now.plus(STANDS));
    proposals.add(proposal, now);
    record("lineage.root-proposed", proposal);
    return Optional.of(proposal);
  }

  /**
   * The second pair of eyes; all is judged again, as it is now.
   *
   * @throws SignerException FORBIDDEN for whoever proposed it, NOT_FOUND
   */
  void confirm(Actor actor, LineageKey key, UUID id) throws RejectedException, IOException {
    RootProposal proposal = transaction.execute(status -> confirmed(actor, key, id));
    if (proposal == null) {
      throw SignerException.notFound("root change " + id);
    }
    Judged judged = judge(key, proposal.handed());
    publish(key, judged, Map.of("proposedBy", proposal.proposedBy()));
    transaction.executeWithoutResult(status -> proposals.delete(id));
  }

  private RootProposal confirmed(Actor actor, LineageKey key, UUID id) {
    second.lock();
    RootProposal proposal = find(key, id);
    SecondAdministrator.requireOther(second.person(actor, key.product()), proposal.proposedBy());
    return proposal;
  }

  /** Takes a proposal back, or turns it down; any administrator of the product may. */
  void drop(Actor actor, LineageKey key, UUID id) {
    transaction.executeWithoutResult(
        status -> {
          second.lock();
          second.person(actor, key.product());
          RootProposal proposal = find(key, id);
          proposals.delete(id);
          record("lineage.root-dropped", proposal);
        });
  }

  List<RootProposal> waiting(LineageKey key) {
    return proposals.waiting(key, clock.instant());
  }

  @EventListener
  void onAccessChanged(AccessChanged event) {
    if (GONE.contains(event.action())) {
      proposals.deleteOf(event.subject());
    }
  }

  private RootProposal find(LineageKey key, UUID id) {
    return proposals
        .find(key, id, clock.instant())
        .orElseThrow(() -> SignerException.notFound("root change " + id));
  }

  private Judged judge(LineageKey key, HandedIn handed) throws RejectedException, IOException {
    Optional<Lineage> lineage = lineages.find(key.product(), key.name());
    if (lineage.isEmpty() && handed.root().isEmpty()) {
      throw SignerException.notFound("lineage " + key.name() + " of " + key.product());
    }
    return lineages.judgement(key, lineage, handed).judge(handed, clock.instant());
  }

  private void publish(LineageKey key, Judged judged, Map<String, String> more)
      throws RejectedException, IOException {
    Optional<Lineage> lineage = lineages.find(key.product(), key.name());
    transaction.executeWithoutResult(status -> recordSigned(key, judged, more));
    SignedByPeople signed = judged.signed();
    if (lineage.isEmpty()) {
      Ceremony first = judged.root().orElseThrow();
      byte[] root = signed.root().orElseThrow();
      announce(
          lineages.createFrom(key, first.terms().postQuantum(), root),
          new SignedByPeople(Optional.empty(), signed.targets()));
    } else {
      announce(lineage.get(), signed);
    }
  }

  private void announce(Lineage lineage, SignedByPeople signed) throws RejectedException {
    try {
      catalogue.publish(lineage, signed);
    } catch (IOException e) {
      throw new SignerException(
          ProblemType.NOT_ANNOUNCED,
          "judged and not announced; hand it in again: " + e.getMessage());
    }
  }

  /** Before anything is written: what was taken for signed, and by whom. */
  private void recordSigned(LineageKey key, Judged judged, Map<String, String> more) {
    judged.root().ifPresent(root -> recordSigned(key, root, judged.asOldRoot(), more));
    judged.targets().ifPresent(targets -> recordSigned(key, targets, false, more));
  }

  private void recordSigned(
      LineageKey key, Ceremony ceremony, boolean asOldRoot, Map<String, String> more) {
    Set<String> signers = new TreeSet<>();
    for (Voters group : ceremony.voters()) {
      signers.addAll(ceremony.signed(group));
    }
    Map<String, String> details = new LinkedHashMap<>(more);
    details.put("role", ceremony.role());
    details.put("version", Long.toString(ceremony.metadata().version()));
    details.put("fingerprint", ceremony.fingerprint().hex());
    details.put("holders", String.join(" ", signers));
    details.put("handedOver", Boolean.toString(asOldRoot));
    audit.record("lineage.signed-by-holders", subject(key), details);
  }

  private void record(String action, RootProposal proposal) {
    audit.record(
        action,
        subject(proposal.lineage()),
        Map.of(
            "id", proposal.id().toString(),
            "fingerprint", proposal.root().hex(),
            "proposedBy", proposal.proposedBy()));
  }

  private static String subject(LineageKey key) {
    return "lineage:" + key.product() + "/" + key.name();
  }
}
