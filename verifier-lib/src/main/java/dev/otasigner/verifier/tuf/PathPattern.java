package dev.otasigner.verifier.tuf;

/**
 * TUF path patterns. Matched part by part and without a regular expression, so that no pattern
 * costs more than the product of the lengths.
 */
final class PathPattern {
  private PathPattern() {}

  static boolean matches(String pattern, String path) {
    String[] patternParts = pattern.split("/", -1);
    String[] pathParts = path.split("/", -1);
    if (patternParts.length != pathParts.length) {
      return false;
    }
    for (int i = 0; i < pathParts.length; i++) {
      // By code points: a question mark is a letter, however UTF-16 spells it.
      int[] letters = patternParts[i].codePoints().toArray();
      if (!partMatches(letters, pathParts[i].codePoints().toArray())) {
        return false;
      }
    }
    return true;
  }

  /** On a mismatch the last star takes one character more; earlier stars need no second look. */
  private static boolean partMatches(int[] pattern, int[] part) {
    int p = 0;
    int s = 0;
    int star = -1;
    int starAt = 0;
    while (s < part.length) {
      int wanted = p < pattern.length ? pattern[p] : -1;
      if (wanted == '*') {
        star = p++;
        starAt = s;
      } else if (wanted == '?' || wanted == part[s]) {
        p++;
        s++;
      } else if (star >= 0) {
        p = star + 1;
        s = ++starAt;
      } else {
        return false;
      }
    }
    while (p < pattern.length && pattern[p] == '*') {
      p++;
    }
    return p == pattern.length;
  }
}
