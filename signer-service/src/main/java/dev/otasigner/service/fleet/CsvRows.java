package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Rows of RFC 4180, after a line that names the columns. A row is one line: no value of a device
 * has a line break, and so a quote that is never closed spoils its own line and no other.
 */
final class CsvRows implements ListedRows {
  private final ListLines lines;
  private final List<String> columns;

  CsvRows(ListLines lines) throws IOException {
    this.lines = lines;
    ListLines.Piece header =
        lines.line().orElseThrow(() -> bad("a first line that names the columns is expected"));
    if (header.text() == null) {
      throw bad("line " + header.line() + ": " + header.wrong());
    }
    List<String> names = fields(header.text());
    if (names == null) {
      throw bad("line " + header.line() + ": " + QUOTES);
    }
    this.columns = names.stream().map(String::strip).toList();
    for (String column : columns) {
      if (!ListedDevice.COLUMNS.contains(column)) {
        throw bad(
            "line "
                + header.line()
                + ": a column is none of "
                + String.join(", ", ListedDevice.COLUMNS));
      }
    }
    if (new HashSet<>(columns).size() < columns.size()) {
      throw bad("line " + header.line() + ": a column stands twice");
    }
    if (!columns.contains(ListedDevice.DEVICE_ID)) {
      throw bad("line " + header.line() + ": no column " + ListedDevice.DEVICE_ID);
    }
  }

  private static final String QUOTES =
      "quotes enclose a whole field on one line, and one inside is written twice";

  @Override
  public Optional<ListedRow> next() throws IOException {
    return lines.line().map(this::row);
  }

  private ListedRow row(ListLines.Piece piece) {
    if (piece.text() == null) {
      return ListedRow.wrong(piece.line(), piece.wrong());
    }
    List<String> fields = fields(piece.text());
    if (fields == null) {
      return ListedRow.wrong(piece.line(), QUOTES);
    }
    if (fields.size() != columns.size()) {
      return ListedRow.wrong(
          piece.line(), columns.size() + " fields are expected, not " + fields.size());
    }
    Map<String, String> values = new HashMap<>();
    for (int i = 0; i < fields.size(); i++) {
      if (!fields.get(i).isEmpty()) {
        values.put(columns.get(i), fields.get(i));
      }
    }
    return new ListedRow(piece.line(), values, "");
  }

  /** The fields of a line, or nothing when its quotes are none of RFC 4180. */
  private static @Nullable List<String> fields(String text) {
    String line = text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    List<String> fields = new ArrayList<>();
    int at = 0;
    while (true) {
      StringBuilder field = new StringBuilder();
      if (at < line.length() && line.charAt(at) == '"') {
        at++;
        while (true) {
          int quote = line.indexOf('"', at);
          if (quote < 0) {
            return null;
          }
          field.append(line, at, quote);
          at = quote + 1;
          if (at == line.length() || line.charAt(at) != '"') {
            break;
          }
          field.append('"');
          at++;
        }
      } else {
        int comma = line.indexOf(',', at);
        int end = comma < 0 ? line.length() : comma;
        field.append(line, at, end);
        at = end;
        if (field.indexOf("\"") >= 0) {
          return null;
        }
      }
      fields.add(field.toString());
      if (at == line.length()) {
        return fields;
      }
      if (line.charAt(at) != ',') {
        return null;
      }
      at++;
    }
  }

  private static SignerException bad(String detail) {
    return new SignerException(ProblemType.BAD_REQUEST, detail);
  }
}
