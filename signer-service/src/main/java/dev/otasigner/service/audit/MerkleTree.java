package dev.otasigner.service.audit;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.audit.ConsistencyProof;
import dev.otasigner.verifier.audit.InclusionProof;
import dev.otasigner.verifier.audit.TreeHash;
import java.util.ArrayList;
import java.util.List;

/**
 * An RFC 6962 Merkle tree over stored hashes: a leaf is appended, a root computed and a proof made
 * with about as many look-ups as the tree is high, whatever its size.
 */
final class MerkleTree {
  private final Nodes nodes;

  MerkleTree(Nodes nodes) {
    this.nodes = nodes;
  }

  /** Where the hashes of complete subtrees are kept. Level 0 holds the leaves' hashes. */
  interface Nodes {
    Digest get(int level, long position);
  }

  /** Where the hashes of new complete subtrees go. */
  interface NewNodes {
    /** Never called twice for one place, and never for level 0. */
    void put(int level, long position, Digest hash);
  }

  /** Hands out the subtrees that the leaf at {@code position}, the newest, completes. */
  void append(long position, Digest leafHash, NewNodes added) {
    Digest hash = leafHash;
    int level = 0;
    long at = position;
    while ((at & 1) == 1) {
      hash = TreeHash.node(nodes.get(level, at - 1), hash);
      level++;
      at >>= 1;
      added.put(level, at, hash);
    }
  }

  /** RFC 6962 2.1: the tree head over the first {@code size} leaves. */
  Digest root(long size) {
    return size == 0 ? TreeHash.EMPTY : head(0, size);
  }

  /** The head over the leaves from {@code begin} on, which a subtree of its size may begin with. */
  private Digest head(long begin, long end) {
    // The complete subtrees that it consists of, from right to left: one for each bit of the size.
    long size = end - begin;
    int level = Long.numberOfTrailingZeros(size);
    Digest head = nodes.get(level, (end >> level) - 1);
    for (level++; size >> level != 0; level++) {
      if ((size >> level & 1) == 1) {
        head = TreeHash.node(nodes.get(level, (end >> level) - 1), head);
      }
    }
    return head;
  }

  /** RFC 6962 2.1.1: that the leaf is in the tree of this size. */
  InclusionProof inclusion(long leaf, long size) {
    if (leaf < 0 || leaf >= size) {
      throw new IllegalArgumentException("no leaf " + leaf + " in a tree of " + size);
    }
    List<Digest> downwards = new ArrayList<>();
    long begin = 0;
    long end = size;
    while (end - begin > 1) {
      long middle = begin + Long.highestOneBit(end - begin - 1);
      if (leaf < middle) {
        downwards.add(head(middle, end));
        end = middle;
      } else {
        downwards.add(head(begin, middle));
        begin = middle;
      }
    }
    return new InclusionProof(leaf, size, upwards(downwards));
  }

  /** RFC 6962 2.1.2: that the tree of size {@code to} begins with that of size {@code from}. */
  ConsistencyProof consistency(long from, long to) {
    if (from < 1 || from > to) {
      throw new IllegalArgumentException("no proof from " + from + " to " + to);
    }
    List<Digest> downwards = new ArrayList<>();
    long begin = 0;
    long end = to;
    while (from != end) {
      long middle = begin + Long.highestOneBit(end - begin - 1);
      if (from <= middle) {
        downwards.add(head(middle, end));
        end = middle;
      } else {
        downwards.add(head(begin, middle));
        begin = middle;
      }
    }
    if (begin > 0) {
      downwards.add(head(begin, end)); // else it is the earlier tree itself, which is known
    }
    return new ConsistencyProof(from, to, upwards(downwards));
  }

  private static List<Digest> upwards(List<Digest> downwards) {
    List<Digest> hashes = new ArrayList<>(downwards);
    java.util.Collections.reverse(hashes);
    return hashes;
  }
}
