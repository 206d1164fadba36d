package dev.otasigner.cli.approvals;

import java.util.Locale;

/**
 * A text that came over the wire, as it may stand in a line: nothing of it starts a line of its
 * own, turns the direction of writing or cannot be seen.
 */
final class Shown {
  private Shown() {}

  static String text(String value) {
    StringBuilder shown = new StringBuilder(value.length());
    value
        .codePoints()
        .forEach(
            c -> {
              if (isPlain(c)) {
                shown.appendCodePoint(c);
              } else {
                shown.append(String.format(Locale.ROOT, "\\u{%x}", c));
              }
            });
    return shown.toString();
  }

  private static boolean isPlain(int c) {
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
