package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;

/** What people say of a release: text that no terminal and no page takes for a command. */
final class ReleaseNotes {
  /** In UTF-16 units. */
  static final int MAX_LENGTH = 4000;

  private ReleaseNotes() {}

  /**
   * Reads the notes.
   *
   * @throws RejectedException MALFORMED for more than {@link #MAX_LENGTH}, for a control character
   *     other than a line feed, and for one that turns the direction of what follows
   */
  static String read(Fields fields, String name) throws RejectedException {
    String notes = fields.string(name);
    if (notes.length() > MAX_LENGTH) {
      throw fields.malformed(name, "at most " + MAX_LENGTH + " characters are expected");
    }
    if (!notes.codePoints().allMatch(ReleaseNotes::isHarmless)) {
      throw fields.malformed(
          name, "text is expected, without control characters other than line feeds");
    }
    return notes;
  }

  private static boolean isHarmless(int c) {
    boolean turns = c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069;
    boolean half = c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE;
    return c == '\n' || !Character.isISOControl(c) && !turns && !half;
  }
}
