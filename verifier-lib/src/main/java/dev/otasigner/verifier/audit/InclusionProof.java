package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.util.List;

/**
 * That a record stands at a place of a tree, RFC 6962 2.1.1.
 *
 * @param leaf the record's number, counted from zero
 * @param size leaves in the tree
 * @param hashes from the leaf up
 */
public record InclusionProof(long leaf, long size, List<Digest> hashes) {
  /** As many as a tree of 2^63 leaves is high. */
  static final int MAX_HASHES = 63;

  /** Copies the list. */
  public InclusionProof {
    hashes = List.copyOf(hashes);
  }

  /**
   * Returns only when the record is in the tree at its place.
   *
   * @param leafHash of the record, {@link TreeHash#leaf}
   * @param root of the tree, from a checkpoint
   * @throws RejectedException LIMIT_EXCEEDED for more hashes than any tree needs; MALFORMED when
   *     there is no such leaf, or the number of hashes is not that of its place;
   *     METADATA_DIGEST_MISMATCH when they lead to another root
   */
  public void verify(Digest leafHash, Digest root) throws RejectedException {
    requireFew(hashes);
    if (leaf < 0 || leaf >= size) {
      throw new RejectedException(
          Reason.MALFORMED, "a tree of " + size + " records has no record " + leaf);
    }
    // RFC 9162 2.1.3.2: both numbers lose a bit with each level; they tell on which side the next
    // hash stands, and that a last leaf without a sibling climbs alone.
    long place = leaf;
    long last = size - 1;
    Digest hash = leafHash;
    for (Digest sibling : hashes) {
      if (last == 0) {
        throw new RejectedException(Reason.MALFORMED, "the proof has hashes to spare");
      }
      if ((place & 1) == 1 || place == last) {
        hash = TreeHash.node(sibling, hash);
        while ((place & 1) == 0 && place != 0) {
          place >>= 1;
          last >>= 1;
        }
      } else {
        hash = TreeHash.node(hash, sibling);
      }
      place >>= 1;
      last >>= 1;
    }
    if (last != 0) {
      throw new RejectedException(Reason.MALFORMED, "the proof lacks hashes");
    }
    if (!hash.equals(root)) {
      throw new RejectedException(
          Reason.METADATA_DIGEST_MISMATCH,
          "record " + leaf + " is not in this tree as it is here",
          root,
          hash);
    }
  }

  static void requireFew(List<Digest> hashes) throws RejectedException {
    if (hashes.size() > MAX_HASHES) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, "a proof of over " + MAX_HASHES + " hashes");
    }
  }
}
