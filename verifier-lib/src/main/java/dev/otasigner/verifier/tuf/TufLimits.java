package dev.otasigner.verifier.tuf;

/**
 * How much a repository may make a client read. TUF leaves the numbers to the application. All are
 * 1 or more.
 *
 * @param rootBytes W of the specification, TUF 5.3.3
 * @param timestampBytes X of the specification, TUF 5.4.1
 * @param snapshotBytes also where timestamp announces a longer one, TUF 5.5.1
 * @param targetsBytes for the top-level and every delegated role, TUF 5.6.1
 * @param roots Y of the specification: root versions in one update, TUF 5.3.3
 * @param roles delegated roles visited in one search, however they are nested, TUF 5.6.7.1
 * @param counts of what one document may list
 * @param pace how slowly anything may arrive
 */
public record TufLimits(
    int rootBytes,
    int timestampBytes,
    int snapshotBytes,
    int targetsBytes,
    int roots,
    int roles,
    Counts counts,
    Pace pace) {
  /** What most clients of the field allow; the number of roots is the specification's example. */
  public static final TufLimits COMMON =
      new TufLimits(512_000, 16_384, 2_000_000, 5_000_000, 1024, 32);

  /**
   * What one document may list.
   *
   * @param signatures beside the signed object
   * @param roleKeys key identifiers of one role
   * @param delegations roles that one targets role names one by one
   * @param patterns path patterns, or hash prefixes, of one delegated role
   * @param nameBytes of a delegated role's name as it is encoded in a file name
   */
  public record Counts(int signatures, int roleKeys, int delegations, int patterns, int nameBytes) {
    /**
     * More signatures and keys than any threshold of the field asks for, and every role of the
     * largest number of hash bins that are worth listing one by one.
     */
    public static final Counts COMMON =
        new Counts(256, 1024, 65_536, 65_536, DelegatedRole.MAX_ENCODED_NAME);

    public Counts {
      requirePositive(signatures, roleKeys, delegations, patterns, nameBytes);
      if (nameBytes > DelegatedRole.MAX_ENCODED_NAME) {
        throw new IllegalArgumentException("no file name has room for a longer name");
      }
    }

    // Here, because the outer class is initialised with this one's constant.
    private static void requirePositive(int... limits) {
      for (int limit : limits) {
        if (limit < 1) {
          throw new IllegalArgumentException("limits are positive");
        }
      }
    }
  }

  public TufLimits {
    Counts.requirePositive(rootBytes, timestampBytes, snapshotBytes, targetsBytes, roots, roles);
  }

  /** With what documents commonly list, at the common pace. */
  public TufLimits(
      int rootBytes,
      int timestampBytes,
      int snapshotBytes,
      int targetsBytes,
      int roots,
      int roles) {
    this(
        rootBytes,
        timestampBytes,
        snapshotBytes,
        targetsBytes,
        roots,
        roles,
        Counts.COMMON,
        Pace.COMMON);
  }

  /** The same with another limit for a root, in bytes. */
  public TufLimits withRootBytes(int bytes) {
    return new TufLimits(
        bytes, timestampBytes, snapshotBytes, targetsBytes, roots, roles, counts, pace);
  }

  /** The same with another limit for a timestamp, in bytes. */
  public TufLimits withTimestampBytes(int bytes) {
    return new TufLimits(rootBytes, bytes, snapshotBytes, targetsBytes, roots, roles, counts, pace);
  }

  /** The same with another limit for a snapshot, in bytes. */
  public TufLimits withSnapshotBytes(int bytes) {
    return new TufLimits(
        rootBytes, timestampBytes, bytes, targetsBytes, roots, roles, counts, pace);
  }

  /** The same with another limit for a targets role, in bytes. */
  public TufLimits withTargetsBytes(int bytes) {
    return new TufLimits(
        rootBytes, timestampBytes, snapshotBytes, bytes, roots, roles, counts, pace);
  }

  /** The same with another number of roots in one update. */
  public TufLimits withRoots(int count) {
    return new TufLimits(
        rootBytes, timestampBytes, snapshotBytes, targetsBytes, count, roles, counts, pace);
  }

  /** The same with another number of roles in one search. */
  public TufLimits withRoles(int count) {
    return new TufLimits(
        rootBytes, timestampBytes, snapshotBytes, targetsBytes, roots, count, counts, pace);
  }

  /** The same with other limits for what one document may list. */
  public TufLimits withCounts(Counts others) {
    return new TufLimits(
        rootBytes, timestampBytes, snapshotBytes, targetsBytes, roots, roles, others, pace);
  }

  /** The same at another pace. */
  public TufLimits withPace(Pace other) {
    return new TufLimits(
        rootBytes, timestampBytes, snapshotBytes, targetsBytes, roots, roles, counts, other);
  }
}
