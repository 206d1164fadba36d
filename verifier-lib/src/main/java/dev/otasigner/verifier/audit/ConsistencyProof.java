package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.util.List;

/**
 * That a tree begins with all the leaves of an earlier one, RFC 6962 2.1.2.
 *
 * @param from leaves in the earlier tree
 * @param to leaves in the later one
 * @param hashes as the section orders them; none when both are of one size
 */
public record ConsistencyProof(long from, long to, List<Digest> hashes) {
  /** Copies the list. */
  public ConsistencyProof {
    hashes = List.copyOf(hashes);
  }

  /**
   * Returns only when the later tree extends the earlier one.
   *
   * @throws RejectedException LIMIT_EXCEEDED for more hashes than any tree needs;
   *     METADATA_ROLLED_BACK when the later tree is the smaller one; MALFORMED when the number of
   *     hashes is not that of the sizes, or the earlier tree is empty, which proves nothing;
   *     METADATA_DIGEST_MISMATCH when they do not lead to both roots
   */
  public void verify(Digest fromRoot, Digest toRoot) throws RejectedException {
    InclusionProof.requireFew(hashes);
    if (from > to) {
      throw new RejectedException(
          Reason.METADATA_ROLLED_BACK, "records are missing from the log", from, to);
    }
    if (from <= 0) {
      throw new RejectedException(Reason.MALFORMED, "a tree without records proves nothing");
    }
    if (from == to) {
      if (!hashes.isEmpty()) {
        throw new RejectedException(Reason.MALFORMED, "the proof has hashes to spare");
      }
      require(fromRoot, toRoot, "two trees of " + to + " records have different heads");
      return;
    }
    // RFC 9162 2.1.4.2. An earlier tree that is a complete subtree of the later one stands for
    // itself; of any other, the first hash is its last complete subtree.
    int next = 0;
    long place = from - 1;
    long last = to - 1;
    while ((place & 1) == 1) {
      place >>= 1;
      last >>= 1;
    }
    Digest earlier = fromRoot;
    if (place != 0) {
      earlier = first();
      next = 1;
    }
    Digest later = earlier;
    for (Digest hash : hashes.subList(next, hashes.size())) {
      if (last == 0) {
        throw new RejectedException(Reason.MALFORMED, "the proof has hashes to spare");
      }
      if ((place & 1) == 1 || place == last) {
        earlier = TreeHash.node(hash, earlier);
        later = TreeHash.node(hash, later);
        while ((place & 1) == 0 && place != 0) {
          place >>= 1;
          last >>= 1;
        }
      } else {
        later = TreeHash.node(later, hash);
      }
      place >>= 1;
      last >>= 1;
    }
    if (last != 0) {
      throw new RejectedException(Reason.MALFORMED, "the proof lacks hashes");
    }
    require(fromRoot, earlier, "the first " + from + " records are not those of the earlier tree");
    require(toRoot, later, "the proof does not lead to the tree of " + to + " records");
  }

  private Digest first() throws RejectedException {
    if (hashes.isEmpty()) {
      throw new RejectedException(Reason.MALFORMED, "the proof lacks hashes");
    }
    return hashes.get(0);
  }

  private static void require(Digest expected, Digest actual, String otherwise)
      throws RejectedException {
    if (!expected.equals(actual)) {
      throw new RejectedException(Reason.METADATA_DIGEST_MISMATCH, otherwise, expected, actual);
    }
  }
}
