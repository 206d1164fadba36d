package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.catalogue.DueWork.Announced;
import dev.otasigner.service.catalogue.Wanted.ChannelRole;
import dev.otasigner.service.catalogue.storage.Pointer;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one repository to what is wanted, and signs anew what is due. The steps are those of
 * docs/explanation/signing-cycle.md. Killed between any two of them, it leaves a repository that
 * every client accepts, old or new; called again, it finishes: what is wanted is compared with what
 * is announced, so that nothing is written when nothing has changed.
 */
final class Publisher {
  static final String AUDIT = "audit";

  private static final Logger log = LoggerFactory.getLogger(Publisher.class);

  private final RepositoryFiles files;
  private final RoleSigner signer;
  private final VersionLedger ledger;
  private final ClientCheck clients;
  private final Milestones milestones;

  Publisher(
      RepositoryFiles files,
      RoleKeyring keyring,
      VersionLedger ledger,
      ClientCheck clients,
      Milestones milestones) {
    this.files = files;
    this.signer = new RoleSigner(keyring);
    this.ledger = ledger;
    this.clients = clients;
    this.milestones = milestones;
  }

  /** Makes the first root, so that profiles can name it; does nothing when it is there. */
  void createRoot(Lifetimes lifetimes, Instant now) throws IOException {
    try (RepositoryWriter writer = files.acquire()) {
      if (files.highestVersion(Metadata.ROOT) == 0) {
        List<TufKey> signers = signer.tufKeys(Metadata.ROOT);
        ledger.reserve(Map.of(Metadata.ROOT, 1L), Map.of(Metadata.ROOT, signers));
        Root root = signer.root(1, now.plus(lifetimes.root()));
        writer.writeVersioned(1, Metadata.ROOT, signer.sign(root.toJson(), signers));
        milestones.passed("catalogue.root");
      }
    }
  }

  /**
   * Begins with a root that people have signed; does nothing when it is there. Another one that
   * nothing was announced under is what an interrupted call has left, and is replaced.
   *
   * @throws FileAlreadyExistsException when there is a catalogue under another one
   */
  void createRoot(byte[] root) throws IOException {
    try (RepositoryWriter writer = files.acquire()) {
      Optional<byte[]> there = files.versioned(1, Metadata.ROOT);
      if (there.isPresent() && Arrays.equals(there.get(), root)) {
        return;
      }
      if (files.timestamp().isPresent() || files.highestVersion(Metadata.ROOT) > 1) {
        throw new FileAlreadyExistsException(files.placeOf("1.root.json"));
      }
      ledger.reserve(Map.of(Metadata.ROOT, 1L), Map.of());
      if (there.isPresent()) {
        writer.replaceFirstRoot(root);
      } else {
        writer.writeVersioned(1, Metadata.ROOT, root);
      }
      milestones.passed("catalogue.root");
    }
  }

  /** The number that the next targets role carries, which people sign too. */
  long nextTargetsVersion() throws IOException {
    return Math.max(files.highestVersion(Metadata.TARGETS), ledger.highest(Metadata.TARGETS)) + 1;
  }

  /**
   * Whether there is anything to do, asked without keeping others from writing.
   *
   * @throws RejectedException when metadata of our own can not be read
   */
  boolean isDue(Wanted.Source source, Lifetimes lifetimes, Instant now)
      throws RejectedException, IOException {
    Wanted wanted = source.get();
    Announced announced = readBack();
    for (WantedFile file : wantedAndListed(wanted, announced)) {
      if (!files.hasTarget(file.target())) {
        return true;
      }
    }
    Optional<Mandate> mandate =
        Mandate.of(files, ledger, signer, wanted, announced, lifetimes, now);
    return mandate.isPresent()
        && !DueWork.of(announced, mandate.get(), wanted, lifetimes, now).isNothing();
  }

  /**
   * Publishes.
   *
   * @param source asked once nobody else writes, so that what was decided last is what is published
   *     last
   * @param followers asked for when there is something to announce
   * @return whether anything was written
   * @throws RejectedException when the device's own client does not accept the result; the old
   *     timestamp then stays, and with it all that clients see
   * @throws dev.otasigner.service.catalogue.storage.LostException when this publisher was taken for
   *     dead; asked again, it compares with what the other has announced
   */
  boolean publish(
      Wanted.Source source, Supplier<Followers> followers, Lifetimes lifetimes, Instant now)
      throws RejectedException, IOException {
    // Step 1: one publisher at a time, each with a higher number than the one before.
    try (RepositoryWriter writer = files.acquire()) {
      // Step 2: what is announced now, read back from the files.
      Optional<Pointer> pointer = files.pointer();
      Wanted wanted = source.get();
      Announced announced = readBack();
      restoreTargets(writer, wanted, announced);
      Optional<Mandate> found =
          Mandate.of(files, ledger, signer, wanted, announced, lifetimes, now);
      if (found.isEmpty()) {
        return false;
      }
      Mandate mandate = found.get();
      DueWork due = DueWork.of(announced, mandate, wanted, lifetimes, now);
      if (due.isNothing()) {
        return false;
      }
      // Step 3: version numbers are taken, and remembered, before anything is written under them.
      Map<String, Long> versions = reserve(due, mandate, announced);
      milestones.passed("catalogue.versions");
      writer.alive();
      SetWriter set =
          new SetWriter(files, writer, signer, mandate, versions, lifetimes, now, milestones);
      announced.set().ifPresent(set::beginWith);
      // Step 4: new files, each under its digest.
      set.writeTargets(due.files());
      // Step 5: the roles of channels, then the role that delegates to them.
      set.writeChannelRoles(due.files());
      if (due.targets()) {
        set.writeTargetsRole();
      }
      // Step 6: the snapshot of all of them.
      MetaFile snapshot = due.snapshot() ? set.writeSnapshot() : snapshotOf(announced);
      // Step 7: the device's own client takes the whole new set, fresh and from the set before;
      // where a new root follows, without it and with it.
      byte[] timestamp = set.timestamp(snapshot);
      Optional<byte[]> newRoot =
          mandate.next().isPresent()
              ? Optional.of(set.root(mandate.next().get(), wanted.signed().root()))
              : Optional.empty();
      Followers today = followers.get();
      if (newRoot.isEmpty() || mandate.root().expires().isAfter(now)) {
        ClientCheck.Coming alone = ClientCheck.Coming.of(timestamp, Optional.empty());
        clients.requireAccepted(files, announced.set(), alone, today, writer, now);
      }
      if (newRoot.isPresent()) {
        ClientCheck.Coming both = ClientCheck.Coming.of(timestamp, newRoot);
        clients.requireAccepted(files, announced.set(), both, today, writer, now);
      }
      milestones.passed("catalogue.accepted");
      // Step 8: the timestamp announces it.
      writer.replaceTimestamp(pointer, timestamp);
      milestones.passed("catalogue.timestamp");
      // Step 9: the new root. Who has it already and who has not yet accept what is announced.
      if (newRoot.isPresent()) {
        set.writeRoot(mandate.root().version() + 1, newRoot.get());
      }
      return true;
    }
  }

  /** Of a set with a damaged file nothing is trusted: all of it is signed anew. */
  private Announced readBack() throws IOException {
    long timestamps = ledger.highest(Metadata.TIMESTAMP);
    try {
      Optional<PublishedSet> read = PublishedSet.read(files);
      if (read.isPresent() || timestamps == 0) {
        return new Announced(read, false);
      }
      log.warn("{}: no timestamp.json; all is signed anew", files.place());
    } catch (PublishedSet.DamagedException e) {
      log.warn("{}; all is signed anew", e.getMessage());
    }
    return new Announced(PublishedSet.newestWhole(files, timestamps), true);
  }

  /** A listed file that is gone or cut short comes back; its name says what it holds. */
  private void restoreTargets(RepositoryWriter writer, Wanted wanted, Announced announced)
      throws IOException {
    for (WantedFile file : wantedAndListed(wanted, announced)) {
      if (!files.hasTarget(file.target())) {
        writer.addTarget(file);
        log.warn("{} was damaged and is restored", files.placeOf(file.target()));
      }
    }
  }

  private static List<WantedFile> wantedAndListed(Wanted wanted, Announced announced) {
    List<WantedFile> both = new ArrayList<>();
    for (Map.Entry<ChannelRole, List<WantedFile>> role : wanted.roles().entrySet()) {
      Targets listing = announced.roles().get(role.getKey().roleName());
      if (listing != null) {
        Set<TargetFile> listed = Set.copyOf(listing.targets().values());
        role.getValue().stream().filter(file -> listed.contains(file.target())).forEach(both::add);
      }
    }
    return both;
  }

  private Map<String, Long> reserve(DueWork due, Mandate mandate, Announced announced)
      throws IOException {
    Map<String, Long> versions = new LinkedHashMap<>();
    Map<String, List<TufKey>> signers = new LinkedHashMap<>();
    for (String role : due.roles()) {
      versions.put(role, Math.max(highestStored(role, announced), highestRemembered(role)) + 1);
      signers.put(role, mandate.signersOf(role));
    }
    // People have signed the number too.
    mandate.signed().ifPresent(file -> versions.put(Metadata.TARGETS, file.signed().version()));
    ledger.reserve(versions, signers);
    return versions;
  }

  private long highestStored(String role, Announced announced) throws IOException {
    return role.equals(Metadata.TIMESTAMP)
        ? announced.set().map(set -> set.timestamp().version()).orElse(0L)
        : files.highestVersion(role);
  }

  /** Clients follow roots one by one, so a root's version is what the files say and no more. */
  private long highestRemembered(String role) {
    return role.equals(Metadata.ROOT) ? 0 : ledger.highest(role);
  }

  private static MetaFile snapshotOf(Announced announced) {
    return announced
        .set()
        .orElseThrow(() -> new IllegalStateException("no snapshot"))
        .timestamp()
        .snapshot();
  }
}
