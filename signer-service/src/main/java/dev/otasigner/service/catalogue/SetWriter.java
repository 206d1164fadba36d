package dev.otasigner.service.catalogue;

import dev.otasigner.service.Milestones;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.Snapshot;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.Timestamp;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Signs and writes the files of one new set, under the versions that were reserved for it. */
final class SetWriter {
  private final RepositoryFiles files;
  private final RepositoryWriter writer;
  private final RoleSigner signer;
  private final Mandate mandate;
  private final Map<String, Long> versions;
  private final Lifetimes lifetimes;
  private final Instant now;
  private final Milestones milestones;

  /** What will be announced, by role; starts as what is. */
  private final Map<String, MetaFile> meta = new LinkedHashMap<>();

  SetWriter(
      RepositoryFiles files,
      RepositoryWriter writer,
      RoleSigner signer,
      Mandate mandate,
      Map<String, Long> versions,
      Lifetimes lifetimes,
      Instant now,
      Milestones milestones) {
    this.files = files;
    this.writer = writer;
    this.signer = signer;
    this.mandate = mandate;
    this.versions = versions;
    this.lifetimes = lifetimes;
    this.now = now;
    this.milestones = milestones;
  }

  /** Begins with what is announced. */
  void beginWith(PublishedSet set) {
    meta.putAll(set.snapshot().meta());
  }

  void writeTargets(Map<String, List<WantedFile>> due) throws IOException {
    for (List<WantedFile> list : due.values()) {
      for (WantedFile file : list) {
        if (!files.hasTarget(file.target())) {
          writer.addTarget(file);
          milestones.passed("catalogue.file");
        }
      }
    }
  }

  void writeChannelRoles(Map<String, List<WantedFile>> due) throws IOException {
    for (Map.Entry<String, List<WantedFile>> role : due.entrySet()) {
      List<TargetFile> list = role.getValue().stream().map(WantedFile::target).toList();
      Instant expires = now.plus(lifetimes.channel());
      writeRole(Targets.of(version(role.getKey()), expires, list), role.getKey());
      milestones.passed("catalogue.role");
    }
  }

  void writeTargetsRole() throws IOException {
    if (mandate.signed().isPresent()) {
      writeSigned(mandate.signed().get());
    } else {
      Targets role = mandate.targets();
      writeRole(
          new Targets(
              version(Metadata.TARGETS), role.expires(), role.targets(), role.delegations()),
          Metadata.TARGETS);
    }
    milestones.passed("catalogue.targets");
  }

  /** With the service's own signatures where it is a signer too, before or after a new root. */
  private void writeSigned(SignedMetadata<Targets> file) throws IOException {
    long version = file.signed().version();
    byte[] bytes =
        file.with(signer.signatures(file.signedJson(), mandate.signersOf(Metadata.TARGETS)));
    Optional<byte[]> there = files.versioned(version, Metadata.TARGETS);
    if (there.isEmpty()) {
      writer.writeVersioned(version, Metadata.TARGETS, bytes);
    } else if (!isSameRole(there.get(), file)) {
      throw new FileAlreadyExistsException(files.placeOf(version + ".targets.json"));
    }
    meta.put(Metadata.TARGETS, MetaFile.of(version, there.orElse(bytes)));
  }

  /** What a run that was stopped has written; a signature may be another each time it is made. */
  private static boolean isSameRole(byte[] there, SignedMetadata<Targets> file) {
    try {
      SignedMetadata<Targets> written = SignedMetadata.targets(there, TufLimits.COMMON);
      return Arrays.equals(
          written.signedJson().canonicalBytes(), file.signedJson().canonicalBytes());
    } catch (RejectedException e) {
      return false;
    }
  }

  private void writeRole(Targets role, String name) throws IOException {
    byte[] bytes = sign(name, role.toJson());
    writer.writeVersioned(role.version(), name, bytes);
    meta.put(name, MetaFile.of(role.version(), bytes));
  }

  private byte[] sign(String role, Json.Obj signed) {
    return signer.sign(signed, mandate.signersOf(role));
  }

  /**
   * The root that will follow; written by nobody yet.
   *
   * @param byPeople as they have signed it; the service signs with them where it was the root
   */
  byte[] root(Root next, Optional<byte[]> byPeople) throws RejectedException {
    if (byPeople.isEmpty()) {
      return sign(Metadata.ROOT, next.toJson());
    }
    SignedMetadata<Root> file = SignedMetadata.root(byPeople.get(), TufLimits.COMMON);
    return file.with(signer.signatures(file.signedJson(), mandate.signersOf(Metadata.ROOT)));
  }

  void writeRoot(long version, byte[] bytes) throws IOException {
    writer.writeVersioned(version, Metadata.ROOT, bytes);
    milestones.passed("catalogue.root");
  }

  MetaFile writeSnapshot() throws IOException {
    long version = version(Metadata.SNAPSHOT);
    Snapshot snapshot = new Snapshot(version, now.plus(lifetimes.snapshot()), meta);
    byte[] bytes = sign(Metadata.SNAPSHOT, snapshot.toJson());
    writer.writeVersioned(version, Metadata.SNAPSHOT, bytes);
    milestones.passed("catalogue.snapshot");
    return MetaFile.of(version, bytes);
  }

  /** The timestamp that will announce the snapshot; written by nobody yet. */
  byte[] timestamp(MetaFile snapshot) {
    Instant expires = now.plus(lifetimes.timestamp());
    Timestamp timestamp =
        new Timestamp(version(Metadata.TIMESTAMP), expires, Optional.of(now), snapshot);
    return sign(Metadata.TIMESTAMP, timestamp.toJson());
  }

  private long version(String role) {
    Long version = versions.get(role);
    if (version == null) {
      throw new IllegalStateException("no version was reserved for " + role);
    }
    return version;
  }
}
