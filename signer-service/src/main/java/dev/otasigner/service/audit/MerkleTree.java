package dev.otasigner.service.audit;

import dev.otasigner.verifier.Digest;
import java.security.MessageDigest;

/**
 * An RFC 6962 Merkle tree over stored hashes: a leaf is appended and a root computed with as many
 * look-ups as the tree is high.
 */
final class MerkleTree {
  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  private final Nodes nodes;

  MerkleTree(Nodes nodes) {
    this.nodes = nodes;
  }

  /** Where the hashes of complete subtrees are kept. Level 0 holds the leaves' hashes. */
  interface Nodes {
    Digest get(int level, long position);

    /** Never called twice for one place, and never for level 0. */
    void put(int level, long position, Digest hash);
  }

  /** RFC 6962 2.1: the hash of a leaf. */
  static Digest leafHash(byte[] leaf) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(LEAF);
    return Digest.ofHash(sha256.digest(leaf));
  }

  /** RFC 6962 2.1: the hash of two subtrees. */
  static Digest nodeHash(Digest left, Digest right) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(NODE);
    sha256.update(left.bytes());
    return Digest.ofHash(sha256.digest(right.bytes()));
  }

  /** Stores the subtrees that the leaf at {@code position}, the newest, completes. */
  void append(long position, Digest leafHash) {
    Digest hash = leafHash;
    int level = 0;
    long at = position;
    while ((at & 1) == 1) {
      hash = nodeHash(nodes.get(level, at - 1), hash);
      level++;
      at >>= 1;
      nodes.put(level, at, hash);
    }
  }

  /** RFC 6962 2.1: the tree head over the first {@code size} leaves. */
  Digest root(long size) {
    if (size == 0) {
      return Digest.of(new byte[0]);
    }
    // The complete subtrees that a tree of this size consists of, from right to left: one for each
    // bit of the size.
    int level = Long.numberOfTrailingZeros(size);
    Digest root = nodes.get(level, (size >> level) - 1);
    for (level++; size >> level != 0; level++) {
      if ((size >> level & 1) == 1) {
        root = nodeHash(nodes.get(level, (size >> level) - 1), root);
      }
    }
    return root;
  }
}
