package dev.otasigner.cli.ceremony;

import dev.otasigner.cli.Cli;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The root in force as its reader has kept it: what came with a draft may be anybody's claim. */
final class OwnCopy {
  static final String CLAIMED = "what the file itself claims to be in force; --from verifies it";

  @Option(
      names = "--from",
      paramLabel = "ROOT.json",
      description = "Your own copy of the root in force: refuse a draft that claims another one.")
  private @Nullable Path from;

  /**
   * Verifies what the draft is compared with, if there is a copy.
   *
   * @return what it is compared with, for people
   * @throws RejectedException METADATA_DIGEST_MISMATCH when it claims another root; the reasons of
   *     {@link LineagePolicy} when the targets role before is not signed under it
   */
  String compared(Cli cli, Ceremony ceremony) throws IOException, RejectedException {
    Path own = from;
    if (own == null) {
      return CLAIMED;
    }
    String name = cli.terminal().show(own);
    byte[] kept = ByteSource.of(own).readAll(CeremonyFile.MAX_BYTES);
    Digest expected = fingerprint(kept);
    Optional<Bytes> claimed = ceremony.file().roots().stream().findFirst();
    if (claimed.isEmpty()) {
      throw new RejectedException(
          Reason.METADATA_DIGEST_MISMATCH,
          "it claims that no root is in force, and " + name + " is",
          expected,
          "none");
    }
    Digest actual = fingerprint(claimed.get().toByteArray());
    if (!actual.equals(expected)) {
      throw new RejectedException(
          Reason.METADATA_DIGEST_MISMATCH,
          "it claims another root to be in force than " + name,
          expected,
          actual);
    }
    requireBeforeSigned(ceremony);
    return "your own copy of the root in force, " + name;
  }

  private static Digest fingerprint(byte[] root) throws RejectedException {
    return Digest.of(CeremonyFile.read(root).signed().canonicalBytes());
  }

  private static void requireBeforeSigned(Ceremony ceremony) throws RejectedException {
    Optional<Bytes> before = ceremony.file().before();
    if (before.isEmpty()) {
      return;
    }
    Root root = ceremony.presentRoot().orElseThrow();
    try {
      new LineagePolicy(EnumSet.allOf(SignatureSuite.class), 0, ceremony.terms().thresholds())
          .requireSigned(
              Metadata.TARGETS,
              SignedMetadata.targets(before.get().toByteArray(), TufLimits.COMMON),
              root.keys(),
              root.roleKeys(Metadata.TARGETS));
    } catch (RejectedException e) {
      throw e.in("the targets role that it claims to be announced");
    }
  }
}
