package dev.otasigner.cli;

import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How a command shows its result: a document with {@code --json}, otherwise lines for a person.
 * Whatever came over the wire is shown without control characters, so that no answer can drive the
 * terminal.
 */
public final class Report {
  private final Terminal terminal;
  private final Signer options;

  Report(Terminal terminal, Signer options) {
    this.terminal = terminal;
    this.options = options;
  }

  public boolean json() {
    return options.json();
  }

  /** One document with {@code --json}, otherwise the line. */
  public void result(Json document, String line) {
    terminal.out().println(json() ? JsonText.of(document) : printable(line));
  }

  /** One object: a document, or one line per member. */
  public void item(Json document) {
    if (json() || !(document instanceof Json.Obj object)) {
      terminal.out().println(JsonText.of(document));
      return;
    }
    int width = object.members().keySet().stream().mapToInt(String::length).max().orElse(0);
    for (Map.Entry<String, Json> member : object.members().entrySet()) {
      // Lines of a text stay behind its name, so that none of them looks like another member.
      String value = cell(member.getValue()).replace("\n", "\n" + " ".repeat(width + 2));
      line(pad(member.getKey(), width) + "  " + value);
    }
  }

  /** A list of objects: a document, or a table of these members. */
  public void list(Json document, String... columns) {
    if (json()) {
      terminal.out().println(JsonText.of(document));
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of(columns).stream().map(c -> c.toUpperCase(Locale.ROOT)).toList());
    for (Json.Obj item : items(document)) {
      List<String> row = new ArrayList<>();
      for (String column : columns) {
        row.add(firstLine(cell(member(item, column))));
      }
      rows.add(row);
    }
    if (rows.size() == 1) {
      note("none");
      return;
    }
    table(rows);
  }

  /** A line for a person, on standard output; nothing with {@code --json}. */
  public void line(String text) {
    if (!json()) {
      terminal.out().println(printable(text));
    }
  }

  /** Progress and remarks, on standard error; nothing with {@code --json}. */
  public void note(String text) {
    if (!json()) {
      terminal.err().println(printable(text));
    }
  }

  /** Rows under each other, the first being the headings. */
  public void table(List<List<String>> rows) {
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        text.append(i == 0 ? "" : "  ").append(pad(row.get(i), widths[i]));
      }
      line(text.toString().stripTrailing());
    }
  }

  /** The objects of a document that is an array, or an object with one array in it. */
  public static List<Json.Obj> items(Json document) {
    Json array = document;
    if (document instanceof Json.Obj object) {
      array =
          object.members().values().stream()
              .filter(v -> v instanceof Json.Arr)
              .findFirst()
              .orElse(document);
    }
    List<Json.Obj> items = new ArrayList<>();
    if (array instanceof Json.Arr list) {
      for (Json item : list.items()) {
        if (item instanceof Json.Obj object) {
          items.add(object);
        }
      }
    }
    return items;
  }

  private static Json member(Json.Obj item, String path) {
    Json value = item;
    for (String name : path.split("\\.", -1)) {
      Json next = value instanceof Json.Obj object ? object.members().get(name) : null;
      value = next == null ? new Json.Null() : next;
    }
    return value;
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end) + " ...";
  }

  static String cell(Json value) {
    if (value instanceof Json.Str string) {
      return string.value();
    }
    if (value instanceof Json.Num number) {
      return Long.toString(number.value());
    }
    if (value instanceof Json.Bool bool) {
      return bool.value() ? "yes" : "no";
    }
    if (value instanceof Json.Arr array) {
      return String.join(",", array.items().stream().map(Report::cell).toList());
    }
    if (value instanceof Json.Obj object) {
      return String.join(
          " ",
          object.members().entrySet().stream()
              .map(e -> e.getKey() + "=" + cell(e.getValue()))
              .toList());
    }
    return "-";
  }

  /**
   * The text with U+FFFD for each control character but line feeds, and for each that turns the
   * direction of what follows.
   */
  public static String printable(String text) {
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> Character.isISOControl(c) && c != '\n' || turns(c) ? '\uFFFD' : c)
        .forEach(clean::appendCodePoint);
    return clean.toString();
  }

  private static boolean turns(int c) {
    return c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069;
  }

  private static String pad(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
