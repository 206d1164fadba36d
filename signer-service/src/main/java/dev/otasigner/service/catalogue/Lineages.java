package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.fleet.LineageRoots;
import dev.otasigner.service.keyring.KeySignatures;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.CeremonyTerms;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.policy.ProfileFit;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.time.Clock;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** The repositories of all products: their keys, their first roots, and their publishers. */
@Component
final class Lineages implements LineageRoots {
  private final LineageStore store;
  private final CatalogueStorages storages;
  private final Keyring keyring;
  private final KeySignatures signatures;
  private final FleetFacts fleet;
  private final AuditLog audit;
  private final Milestones milestones;
  private final Clock clock;
  private final JdbcClient jdbc;
  private final TransactionTemplate transaction;
  private final TransactionTemplate ownTransaction;
  private final Map<LineageKey, Repository> repositories = new ConcurrentHashMap<>();

  /** The files of a lineage and the one publisher of this process for them. */
  record Repository(RepositoryFiles files, Publisher publisher, VersionLedger ledger) {}

  Lineages(
      LineageStore store,
      CatalogueStorages storages,
      Keyring keyring,
      KeySignatures signatures,
      FleetFacts fleet,
      AuditLog audit,
      Milestones milestones,
      Clock clock,
      JdbcClient jdbc,
      PlatformTransactionManager transactions) {
    this.store = store;
    this.storages = storages;
    this.keyring = keyring;
    this.signatures = signatures;
    this.fleet = fleet;
    this.audit = audit;
    this.milestones = milestones;
    this.clock = clock;
    this.jdbc = jdbc;
    this.transaction = new TransactionTemplate(transactions);
    this.ownTransaction = new TransactionTemplate(transactions);
    this.ownTransaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
  }

  List<Lineage> of(String product) {
    return store.findByKeyProductOrderByCreated(product);
  }

  Optional<Lineage> find(String product, String name) {
    return store.findById(new LineageKey(product, name));
  }

  Repository repository(Lineage lineage) {
    return repository(lineage.key(), lineage.isPostQuantum());
  }

  private Repository repository(LineageKey key, boolean postQuantum) {
    return repositories.computeIfAbsent(key, k -> open(k, postQuantum));
  }

  private Repository open(LineageKey key, boolean postQuantum) {
    RepositoryFiles files = new RepositoryFiles(storages.of(key));
    RoleKeyring roles = new KeyringRoles(keyring, signatures, key, postQuantum, jdbc);
    VersionLedger ledger = new DatabaseLedger(jdbc, ownTransaction, key, audit);
    ClientCheck clients = new ClientCheck(Lineage.thresholds(postQuantum));
    return new Repository(files, new Publisher(files, roles, ledger, clients, milestones), ledger);
  }

  /** Whether a key is one that the lineage's announced metadata names. */
  boolean usesKey(Lineage lineage, Digest keyId) {
    try {
      RepositoryFiles files = repository(lineage).files();
      Set<Digest> named = new HashSet<>();
      PublishedSet.root(files).keys().values().forEach(key -> add(key, named));
      PublishedSet.read(files).ifPresent(set -> set.roles().values().forEach(r -> add(r, named)));
      return named.contains(keyId);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void add(Targets role, Set<Digest> named) {
    role.delegations().ifPresent(d -> d.keys().values().forEach(key -> add(key, named)));
  }

  private static void add(TufKey key, Set<Digest> named) {
    key.verificationKey().ifPresent(k -> named.add(k.keyId()));
  }

  Lifetimes lifetimes(String product) {
    return Lifetimes.withTimestamp(fleet.policy(product).timestampLifetime());
  }

  @Override
  public Digest rootSha256(String product, Profile draft) throws RejectedException {
    String name = draft.lineage().name();
    Optional<Lineage> existing = find(product, name);
    boolean postQuantum =
        existing
            .map(Lineage::isPostQuantum)
            .orElseGet(
                () -> draft.lineage().thresholds().map(t -> t.postQuantum() > 0).orElse(false));
    ProfileFit.requireTrusted(draft, profile -> requireTrusted(profile, existing, postQuantum));
    return existing
        .orElseGet(() -> create(new LineageKey(product, name), postQuantum))
        .rootSha256();
  }

  @Override
  public void requireTrustedUnder(String product, Profile profile) throws RejectedException {
    Optional<Lineage> lineage = find(product, profile.lineage().name());
    if (lineage.isEmpty()) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT, "product " + product + " has no such lineage");
    }
    if (!lineage.get().rootSha256().equals(profile.lineage().rootSha256())) {
      throw new RejectedException(
          Reason.PROFILE_UNFIT,
          "it starts from another root",
          profile.lineage().rootSha256(),
          lineage.get().rootSha256());
    }
    requireTrusted(profile, lineage, lineage.get().isPostQuantum());
  }

  /** Of what the service signs by what it signs with; and on the files that devices will read. */
  private void requireTrusted(Profile profile, Optional<Lineage> lineage, boolean postQuantum)
      throws RejectedException {
    if (lineage.isEmpty()) {
      Lineage.requireTrustedUnder(profile, postQuantum, Set.copyOf(Lineage.ROLES));
      return;
    }
    try {
      RepositoryFiles files = repository(lineage.get()).files();
      RootChain chain = RootChain.read(files);
      OwnKeys own = new OwnKeys(keyring(lineage.get().key(), postQuantum));
      Set<String> online = new HashSet<>(Lineage.ROLES);
      online.removeIf(
          role -> Metadata.TOP_LEVEL.contains(role) && !own.suffice(chain.newest(), role));
      Lineage.requireTrustedUnder(profile, postQuantum, online);
      LineagePolicy policy = LineagePolicy.of(profile);
      chain.requireTrustedUnder(policy);
      if (!online.contains(Metadata.TARGETS)) {
        chain.requireTargetsTrustedUnder(policy, files);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The service's own keys for a lineage, which may not be there yet. */
  KeyringRoles keyring(LineageKey key, boolean postQuantum) {
    return new KeyringRoles(keyring, signatures, key, postQuantum, jdbc);
  }

  /** What judges a root or a targets role that people have signed. */
  CeremonyJudgement judgement(LineageKey key, Optional<Lineage> lineage, HandedIn handed)
      throws RejectedException, IOException {
    boolean postQuantum =
        lineage.isPresent()
            ? lineage.get().isPostQuantum()
            : CeremonyTerms.read(
                    new Fields(handed.root().orElseThrow(), "root").object("signed").json())
                .postQuantum();
    return new CeremonyJudgement(
        key,
        postQuantum,
        new RepositoryFiles(storages.of(key)),
        keyring(key, postQuantum),
        lineage.isEmpty());
  }

  /** Begins a lineage with a root that people have signed. */
  synchronized Lineage createFrom(LineageKey key, boolean postQuantum, byte[] root)
      throws IOException {
    if (store.existsById(key)) {
      throw SignerException.conflict("there is a lineage " + key.name() + " already");
    }
    try {
      fresh(key, postQuantum).publisher().createRoot(root);
    } catch (FileAlreadyExistsException e) {
      throw SignerException.conflict(
          e.getFile()
              + ": a catalogue was announced there that no lineage here knows; restore the"
              + " database it belongs to, or choose another name");
    }
    return begun(key, postQuantum, Digest.of(root));
  }

  /** Makes a lineage with its keys and its first root. */
  synchronized Lineage create(LineageKey key, boolean postQuantum) {
    Optional<Lineage> existing = store.findById(key);
    if (existing.isPresent()) {
      return existing.get();
    }
    Repository repository = fresh(key, postQuantum);
    Digest root;
    try {
      requireNotHeld(key, postQuantum, repository.files());
      repository.publisher().createRoot(lifetimes(key.product()), clock.instant());
      root = repository.files().firstRoot().orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return begun(key, postQuantum, root);
  }

  /** An interrupted call may have meant other kinds of keys. */
  private Repository fresh(LineageKey key, boolean postQuantum) {
    Repository repository = open(key, postQuantum);
    repositories.put(key, repository);
    return repository;
  }

  /** With a root that people have signed a lineage begins by handing it in, and never by chance. */
  private void requireNotHeld(LineageKey key, boolean postQuantum, RepositoryFiles files)
      throws IOException {
    if (files.highestVersion(Metadata.ROOT) > 0
        && !new OwnKeys(keyring(key, postQuantum))
            .suffice(PublishedSet.root(files), Metadata.ROOT)) {
      throw SignerException.conflict(
          "people hold the root that an interrupted call has left for "
              + key.name()
              + ": hand it in again (signer root publish), or choose another name");
    }
  }

  private Lineage begun(LineageKey key, boolean postQuantum, Digest root) {
    Lineage lineage = new Lineage(key, postQuantum, root, clock.instant());
    transaction.executeWithoutResult(
        status -> {
          store.save(lineage);
          audit.record(
              "lineage.created",
              "lineage:" + key.product() + "/" + key.name(),
              Map.of("rootSha256", root.hex(), "postQuantum", Boolean.toString(postQuantum)));
        });
    return lineage;
  }
}
