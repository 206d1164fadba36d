package dev.otasigner.cli.audit;

import dev.otasigner.cli.Report;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A report of the service as a page. Every text of it is somebody's input: names, suites and notes
 * are escaped for the page they stand on, and control characters are shown as U+FFFD.
 */
record ReportPage(String title, String lead, List<Part> parts) {
  private static final int MAX_SECTIONS = 100;

  /** One section. */
  private record Part(
      String title, List<String> notes, List<String> columns, List<List<String>> rows) {}

  /** How a page is written. */
  enum Format {
    MD,
    HTML,
    JSON;

    static @Nullable Format ofCode(String code) {
      for (Format format : values()) {
        if (format.name().toLowerCase(Locale.ROOT).equals(code)) {
          return format;
        }
      }
      return null;
    }
  }

  /**
   * Reads the service's answer.
   *
   * @throws RejectedException when it is no report
   */
  static ReportPage read(Json.Obj report) throws RejectedException {
    Fields fields = new Fields(report, "");
    List<Part> parts = new ArrayList<>();
    for (Fields section : fields.objects("sections", MAX_SECTIONS)) {
      List<String> columns = section.strings("columns", MAX_SECTIONS);
      List<List<String>> rows = new ArrayList<>();
      if (section.members().get("rows") instanceof Json.Arr array) {
        for (Json row : array.items()) {
          rows.add(cells(section, row, columns.size()));
        }
      }
      parts.add(
          new Part(section.string("title"), section.strings("notes", MAX_SECTIONS), columns, rows));
    }
    return new ReportPage(
        fields.string("title"),
        "Made by the service on "
            + fields.string("made")
            + " of the time from "
            + fields.string("from")
            + " to "
            + fields.string("to")
            + ".",
        parts);
  }

  private static List<String> cells(Fields section, Json row, int columns)
      throws RejectedException {
    List<String> cells = new ArrayList<>();
    if (row instanceof Json.Arr array) {
      for (Json cell : array.items()) {
        cells.add(cell instanceof Json.Str text ? text.value() : "");
      }
    }
    if (cells.size() != columns) {
      throw section.malformed("rows", "a row of " + columns + " cells is expected");
    }
    return cells;
  }

  String markdown() {
    UnaryOperator<String> escape = ReportPage::markdown;
    StringBuilder page = new StringBuilder();
    page.append("# ").append(escape.apply(title)).append("\n\n");
    page.append(escape.apply(lead)).append('\n');
    for (Part part : parts) {
      page.append("\n## ").append(escape.apply(part.title)).append('\n');
      part.notes.forEach(note -> page.append('\n').append(escape.apply(note)).append('\n'));
      if (part.columns.isEmpty()) {
        continue;
      }
      page.append("\n| ").append(String.join(" | ", all(part.columns, escape))).append(" |\n");
      page.append("|---".repeat(part.columns.size())).append("|\n");
      part.rows.forEach(
          row -> page.append("| ").append(String.join(" | ", all(row, escape))).append(" |\n"));
      if (part.rows.isEmpty()) {
        page.append("\nNone.\n");
      }
    }
    return page.toString();
  }

  String html() {
    UnaryOperator<String> escape = ReportPage::html;
    StringBuilder page = new StringBuilder();
    page.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>")
        .append(escape.apply(title))
        .append("</title>\n<style>\n")
        .append("body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 70em; }\n")
        .append("table { border-collapse: collapse; }\n")
        .append("th, td { border: 1px solid #999; padding: .2em .6em; text-align: left; }\n")
        .append("</style>\n</head>\n<body>\n<h1>")
        .append(escape.apply(title))
        .append("</h1>\n<p>")
        .append(escape.apply(lead))
        .append("</p>\n");
    for (Part part : parts) {
      page.append("<h2>").append(escape.apply(part.title)).append("</h2>\n");
      part.notes.forEach(note -> page.append("<p>").append(escape.apply(note)).append("</p>\n"));
      if (part.columns.isEmpty()) {
        continue;
      }
      page.append("<table>\n");
      row(page, "th", all(part.columns, escape));
      part.rows.forEach(cells -> row(page, "td", all(cells, escape)));
      page.append("</table>\n");
      if (part.rows.isEmpty()) {
        page.append("<p>None.</p>\n");
      }
    }
    return page.append("</body>\n</html>\n").toString();
  }

  private static void row(StringBuilder page, String tag, List<String> cells) {
    page.append("<tr>");
    cells.forEach(
        cell ->
            page.append('<')
                .append(tag)
                .append('>')
                .append(cell)
                .append("</")
                .append(tag)
                .append('>'));
    page.append("</tr>\n");
  }

  private static List<String> all(List<String> texts, UnaryOperator<String> escape) {
    return texts.stream().map(escape).toList();
  }

  /** In text and in tables: no markup, no link, no second cell, no second line. */
  private static String markdown(String text) {
    StringBuilder safe = new StringBuilder(text.length());
    printable(text)
        .codePoints()
        .forEach(
            c -> {
              if ("\\`*_[]<>|#!&".indexOf(c) >= 0) {
                safe.append('\\');
              }
              safe.appendCodePoint(c);
            });
    return safe.toString();
  }

  private static String html(String text) {
    return printable(text)
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String printable(String text) {
    return Report.printable(text).replace('\n', '\uFFFD');
  }
}
