package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import java.nio.ByteBuffer;

/**
 * Levels and parameter sets of an HSS key, and with them the one length that its signatures have.
 * Only the parameter sets of RFC 8554 belong to the suite: SHA-256 with 32 bytes, of whatever
 * height and Winternitz width; those of SP 800-208 with SHAKE256 or 24 bytes do not.
 *
 * @param levels one to four
 * @param top of the topmost tree; those below are stated in each signature
 */
record HssShape(int levels, Tree top) {
  private static final int MAX_LEVELS = 4;
  private static final int HASH_BYTES = 32;
  private static final int WORD_BYTES = 4;
  private static final int IDENTIFIER_BYTES = 16;
  private static final int LMS_KEY_BYTES = 2 * WORD_BYTES + IDENTIFIER_BYTES + HASH_BYTES;

  /** RFC 8554 section 6.1: the key of a tree, behind the number of levels. */
  static final int KEY_BYTES = WORD_BYTES + LMS_KEY_BYTES;

  /** Four trees of height 25 over one-bit digits. */
  static final int MAX_SIGNATURE_BYTES =
      WORD_BYTES + MAX_LEVELS * new Tree(9, 1).signatureBytes() + (MAX_LEVELS - 1) * LMS_KEY_BYTES;

  /**
   * One LMS tree.
   *
   * @param lms type code: LMS_SHA256_M32_H5 (5) to LMS_SHA256_M32_H25 (9)
   * @param lmOts type code: LMOTS_SHA256_N32_W1 (1) to LMOTS_SHA256_N32_W8 (4)
   */
  record Tree(int lms, int lmOts) {
    boolean isOfSuite() {
      return lms >= 5 && lms <= 9 && lmOts >= 1 && lmOts <= 4;
    }

    int height() {
      return 5 * (lms - 4);
    }

    /** Chains of a one-time signature, RFC 8554 table 1. */
    int chains() {
      return switch (lmOts) {
        case 1 -> 265;
        case 2 -> 133;
        case 3 -> 67;
        case 4 -> 34;
        default -> throw new IllegalStateException("no chains for LM-OTS type " + lmOts);
      };
    }

    /** Type, randomizer and chains. */
    int oneTimeBytes() {
      return WORD_BYTES + HASH_BYTES + chains() * HASH_BYTES;
    }

    /** Leaf number, one-time signature, type and path. */
    int signatureBytes() {
      return WORD_BYTES + oneTimeBytes() + WORD_BYTES + height() * HASH_BYTES;
    }
  }

  /**
   * The shape of a public key.
   *
   * @throws RejectedException UNSUPPORTED_ALGORITHM for other parameter sets or more levels,
   *     MALFORMED when it is no key
   */
  static HssShape of(byte[] key) throws RejectedException {
    if (key.length < 3 * WORD_BYTES) {
      throw new RejectedException(Reason.MALFORMED, "too short for an HSS key");
    }
    ByteBuffer words = ByteBuffer.wrap(key);
    int levels = words.getInt();
    Tree top = new Tree(words.getInt(), words.getInt());
    if (!top.isOfSuite()) {
      throw new RejectedException(
          Reason.UNSUPPORTED_ALGORITHM,
          "LMS and LM-OTS parameter sets",
          "LMS types 5 to 9, LM-OTS types 1 to 4 (SHA-256, 32 bytes)",
          "types "
              + Integer.toUnsignedString(top.lms)
              + " and "
              + Integer.toUnsignedString(top.lmOts));
    }
    if (levels < 1 || key.length != KEY_BYTES) {
      throw new RejectedException(Reason.MALFORMED, "not a public key of hss-lms");
    }
    if (levels > MAX_LEVELS) {
      throw new RejectedException(
          Reason.UNSUPPORTED_ALGORITHM,
          "HSS levels",
          "at most " + MAX_LEVELS,
          Integer.toString(levels));
    }
    return new HssShape(levels, top);
  }

  /** Whether a signature is built of trees of the suite, and ends where the last of them does. */
  boolean fits(byte[] signature) {
    ByteBuffer in = ByteBuffer.wrap(signature);
    if (in.remaining() < WORD_BYTES || in.getInt() != levels - 1) {
      return false;
    }
    Tree tree = top;
    for (int level = 1; fitsTree(in, tree); level++) {
      if (level == levels) {
        return !in.hasRemaining();
      }
      if (in.remaining() < LMS_KEY_BYTES) {
        return false;
      }
      int at = in.position();
      tree = new Tree(in.getInt(at), in.getInt(at + WORD_BYTES));
      in.position(at + LMS_KEY_BYTES);
    }
    return false;
  }

  /** Steps over one tree's signature, if it is one of these parameter sets. */
  private static boolean fitsTree(ByteBuffer in, Tree tree) {
    if (!tree.isOfSuite() || in.remaining() < tree.signatureBytes()) {
      return false;
    }
    int at = in.position();
    in.position(at + tree.signatureBytes());
    return in.getInt(at + WORD_BYTES) == tree.lmOts
        && in.getInt(at + WORD_BYTES + tree.oneTimeBytes()) == tree.lms;
  }
}
