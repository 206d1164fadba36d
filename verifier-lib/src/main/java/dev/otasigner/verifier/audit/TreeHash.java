package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Digest;
import java.security.MessageDigest;

/** The two hashes of an RFC 6962 tree, kept apart by their first byte, and the head of none. */
public final class TreeHash {
  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  /** RFC 6962 2.1: the head of a tree without leaves. */
  public static final Digest EMPTY = Digest.of(new byte[0]);

  private TreeHash() {}

  /** RFC 6962 2.1: the hash of a leaf. */
  public static Digest leaf(byte[] record) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(LEAF);
    return Digest.ofHash(sha256.digest(record));
  }

  /** RFC 6962 2.1: the hash of two subtrees. */
  public static Digest node(Digest left, Digest right) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(NODE);
    sha256.update(left.bytes());
    return Digest.ofHash(sha256.digest(right.bytes()));
  }
}
