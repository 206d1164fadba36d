package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.TufLimits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The roots of a lineage, which every device climbs from the first one on.
 *
 * @param roots at least one, in their order
 */
record RootChain(List<SignedMetadata<Root>> roots) {

  /**
   * Reads all of them.
   *
   * @throws IOException also when one is damaged
   */
  static RootChain read(RepositoryFiles files) throws IOException {
    List<SignedMetadata<Root>> roots = new ArrayList<>();
    long newest = PublishedSet.root(files).version();
    for (long version = 1; version <= newest; version++) {
      byte[] bytes =
          files
              .versioned(version, Metadata.ROOT)
              .orElseThrow(() -> new IOException("a root is gone from " + files.place()));
      try {
        roots.add(SignedMetadata.root(bytes, TufLimits.COMMON));
      } catch (RejectedException e) {
        throw new IOException("a root is damaged in " + files.place(), e);
      }
    }
    return new RootChain(List.copyOf(roots));
  }

  Root newest() {
    return roots.get(roots.size() - 1).signed();
  }

  /**
   * Returns only when a device under the policy climbs from the first root to the newest.
   *
   * @throws RejectedException BELOW_THRESHOLD; its sentence names the root
   */
  void requireTrustedUnder(LineagePolicy policy) throws RejectedException {
    for (int i = 0; i < roots.size(); i++) {
      SignedMetadata<Root> root = roots.get(i);
      try {
        requireSigned(policy, root, root.signed());
        if (i > 0) {
          requireSigned(policy, root, roots.get(i - 1).signed());
        }
      } catch (RejectedException e) {
        throw e.in("root version " + root.signed().version());
      }
    }
  }

  /** The same of the targets role that is announced, if one is. */
  void requireTargetsTrustedUnder(LineagePolicy policy, RepositoryFiles files)
      throws RejectedException, IOException {
    Optional<byte[]> announced =
        PublishedSet.ifWhole(files)
            .flatMap(set -> Optional.ofNullable(set.bytes().get(Metadata.TARGETS)));
    if (announced.isPresent()) {
      policy.requireSigned(
          Metadata.TARGETS,
          SignedMetadata.targets(announced.get(), TufLimits.COMMON),
          newest().keys(),
          newest().roleKeys(Metadata.TARGETS));
    }
  }

  private static void requireSigned(LineagePolicy policy, SignedMetadata<Root> root, Root by)
      throws RejectedException {
    policy.requireSigned(Metadata.ROOT, root, by.keys(), by.roleKeys(Metadata.ROOT));
  }
}
