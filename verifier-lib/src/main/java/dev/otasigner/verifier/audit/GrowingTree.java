package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Digest;
import java.util.ArrayList;
import java.util.List;

/**
 * The tree over leaves that come one after the other. Holds one hash for each bit of its size, so
 * that a log of any length is checked with little memory.
 */
public final class GrowingTree {
  /** Heads of the complete subtrees, the largest first. */
  private final List<Digest> subtrees = new ArrayList<>();

  private long size;

  /** A tree without leaves. */
  public GrowingTree() {}

  /** Appends the leaf of this hash. */
  public void add(Digest leafHash) {
    Digest hash = leafHash;
    for (long complete = size; (complete & 1) == 1; complete >>= 1) {
      hash = TreeHash.node(subtrees.remove(subtrees.size() - 1), hash);
    }
    subtrees.add(hash);
    size++;
  }

  /** How many leaves there are. */
  public long size() {
    return size;
  }

  /** RFC 6962 2.1: the head over all leaves so far. */
  public Digest root() {
    if (subtrees.isEmpty()) {
      return TreeHash.EMPTY;
    }
    Digest root = subtrees.get(subtrees.size() - 1);
    for (int i = subtrees.size() - 2; i >= 0; i--) {
      root = TreeHash.node(subtrees.get(i), root);
    }
    return root;
  }
}
