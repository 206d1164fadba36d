package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** RFC 6962 section 2.1 as its recursive definitions say it, to hold the quick code against. */
final class ReferenceTree {
  private ReferenceTree() {}

  static byte[] record(int number) {
    return ("record " + number).getBytes(StandardCharsets.UTF_8);
  }

  static List<Digest> leaves(int size) {
    List<Digest> leaves = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      leaves.add(TreeHash.leaf(record(i)));
    }
    return leaves;
  }

  /** MTH(D[n]). */
  static Digest head(List<Digest> leaves) {
    if (leaves.isEmpty()) {
      return TreeHash.EMPTY;
    }
    if (leaves.size() == 1) {
      return leaves.get(0);
    }
    int k = split(leaves.size());
    return TreeHash.node(head(leaves.subList(0, k)), head(leaves.subList(k, leaves.size())));
  }

  /** PATH(m, D[n]). */
  static List<Digest> path(int m, List<Digest> leaves) {
    if (leaves.size() <= 1) {
      return List.of();
    }
    int k = split(leaves.size());
    List<Digest> left = leaves.subList(0, k);
    List<Digest> right = leaves.subList(k, leaves.size());
    return m < k ? and(path(m, left), head(right)) : and(path(m - k, right), head(left));
  }

  /** PROOF(m, D[n]). */
  static List<Digest> proof(int m, List<Digest> leaves) {
    return subproof(m, leaves, true);
  }

  private static List<Digest> subproof(int m, List<Digest> leaves, boolean whole) {
    if (m == leaves.size()) {
      return whole ? List.of() : List.of(head(leaves));
    }
    int k = split(leaves.size());
    List<Digest> left = leaves.subList(0, k);
    List<Digest> right = leaves.subList(k, leaves.size());
    return m <= k
        ? and(subproof(m, left, whole), head(right))
        : and(subproof(m - k, right, false), head(left));
  }

  /** The largest power of two smaller than n. */
  private static int split(int n) {
    return Integer.highestOneBit(n - 1);
  }

  private static List<Digest> and(List<Digest> hashes, Digest last) {
    List<Digest> all = new ArrayList<>(hashes);
    all.add(last);
    return all;
  }
}
