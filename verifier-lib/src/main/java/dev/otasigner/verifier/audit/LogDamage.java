package dev.otasigner.verifier.audit;

/**
 * What is not as it was in a log, and where it begins.
 *
 * @param kind what became of it
 * @param first the smallest number that the first such record can have
 * @param last the largest; the same as {@code first} when it is known exactly
 * @param how what shows it, a clause for people
 */
public record LogDamage(Kind kind, long first, long last, String how) {

  /** What became of the first record. */
  public enum Kind {
    /** It says something else, or another stands in its place. */
    CHANGED("changed"),
    /** It is not there, and later ones are. */
    REMOVED("removed"),
    /** It stands at another place. */
    REORDERED("reordered"),
    /** It and everything after it are not there. */
    CUT_OFF("cut off");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /** In words, such as {@code cut off}. */
    public String words() {
      return words;
    }
  }

  /** A sentence for people that names the first record, or what is known of it. */
  public String sentence() {
    String which =
        first == last
            ? "record " + first
            : "the first of the records " + first + " to " + last + " that is not what it was";
    return which + " was " + kind.words() + ": " + how;
  }
}
