package dev.otasigner.service.report;

import dev.otasigner.verifier.json.Json;
import java.util.List;

/**
 * One table of a report, with what is to be known about it.
 *
 * @param notes sentences; none when the table speaks for itself
 * @param rows each with a cell for each column
 */
public record Section(
    String title, List<String> notes, List<String> columns, List<List<String>> rows) {
  public Section {
    notes = List.copyOf(notes);
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<String> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(title + ": a row of " + row.size() + " cells");
      }
    }
  }

  /** Sentences without a table. */
  public static Section ofNotes(String title, String... notes) {
    return new Section(title, List.of(notes), List.of(), List.of());
  }

  public Json.Obj toJson() {
    return Json.object()
        .put("title", title)
        .put("notes", Json.strings(notes))
        .put("columns", Json.strings(columns))
        .put("rows", new Json.Arr(List.copyOf(rows.stream().map(Json::strings).toList())))
        .build();
  }
}
