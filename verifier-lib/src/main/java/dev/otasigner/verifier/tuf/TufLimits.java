package dev.otasigner.verifier.tuf;

/**
 * How much a repository may make a client read. TUF leaves the numbers to the application.
 *
 * @param rootBytes W of the specification
 * @param timestampBytes X of the specification
 * @param snapshotBytes also where timestamp announces a longer one
 * @param targetsBytes for the top-level and every delegated role
 * @param roots Y of the specification: root versions in one update
 * @param roles delegated roles visited in one search
 */
public record TufLimits(
    int rootBytes, int timestampBytes, int snapshotBytes, int targetsBytes, int roots, int roles) {
  /** What most clients of the field allow; the number of roots is the specification's example. */
  public static final TufLimits COMMON =
      new TufLimits(512_000, 16_384, 2_000_000, 5_000_000, 1024, 32);

  public TufLimits {
    if (rootBytes < 1
        || timestampBytes < 1
        || snapshotBytes < 1
        || targetsBytes < 1
        || roots < 1
        || roles < 1) {
      throw new IllegalArgumentException("limits are positive");
    }
  }

  public TufLimits withRootBytes(int bytes) {
    return new TufLimits(bytes, timestampBytes, snapshotBytes, targetsBytes, roots, roles);
  }

  public TufLimits withTimestampBytes(int bytes) {
    return new TufLimits(rootBytes, bytes, snapshotBytes, targetsBytes, roots, roles);
  }

  public TufLimits withSnapshotBytes(int bytes) {
    return new TufLimits(rootBytes, timestampBytes, bytes, targetsBytes, roots, roles);
  }

  public TufLimits withTargetsBytes(int bytes) {
    return new TufLimits(rootBytes, timestampBytes, snapshotBytes, bytes, roots, roles);
  }

  public TufLimits withRoots(int count) {
    return new TufLimits(rootBytes, timestampBytes, snapshotBytes, targetsBytes, count, roles);
  }

  public TufLimits withRoles(int count) {
    return new TufLimits(rootBytes, timestampBytes, snapshotBytes, targetsBytes, roots, count);
  }
}
