package dev.otasigner.service.fleet;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Rows that are JSON objects: one on each line, or the items of one array. Items are told apart
 * before they are read, so that one that is wrong spoils no other.
 */
final class JsonRows implements ListedRows {
  private final ListLines lines;
  private final boolean isArray;
  private boolean begun;
  private boolean ended;
  private boolean done;

  JsonRows(ListLines lines) throws IOException {
    this.lines = lines;
    this.isArray = lines.peek() == '[';
    if (isArray) {
      lines.read();
    }
  }

  @Override
  public Optional<ListedRow> next() throws IOException {
    return (isArray ? item() : lines.line()).map(JsonRows::row);
  }

  private Optional<ListLines.Piece> item() throws IOException {
    if (!begun && lines.peek() == ']') {
      lines.read();
      ended = true;
    }
    begun = true;
    return ended ? rest() : untilItsEnd();
  }

  private Optional<ListLines.Piece> rest() throws IOException {
    if (done || lines.peek() < 0) {
      return Optional.empty();
    }
    done = true;
    return Optional.of(ListLines.Piece.wrong(lines.at(), "text after the array"));
  }

  private Optional<ListLines.Piece> untilItsEnd() throws IOException {
    lines.peek();
    long line = lines.at();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    int depth = 0;
    boolean isQuoted = false;
    while (true) {
      int c = lines.read();
      if (c < 0) {
        ended = true;
        return Optional.of(ListLines.Piece.wrong(line, "the array does not end"));
      }
      if (!isQuoted && depth == 0 && (c == ',' || c == ']')) {
        ended = c == ']';
        return Optional.of(ListLines.Piece.of(line, bytes));
      }
      ListLines.keep(bytes, c);
      if (isQuoted && c == '\\') {
        ListLines.keep(bytes, lines.read());
      } else if (c == '"') {
        isQuoted = !isQuoted;
      } else if (!isQuoted && (c == '{' || c == '[')) {
        depth++;
      } else if (!isQuoted && (c == '}' || c == ']')) {
        depth = Math.max(0, depth - 1);
      }
    }
  }

  private static ListedRow row(ListLines.Piece piece) {
    if (piece.text() == null) {
      return ListedRow.wrong(piece.line(), piece.wrong());
    }
    Map<String, String> values = new HashMap<>();
    try {
      byte[] utf8 = piece.text().getBytes(StandardCharsets.UTF_8);
      for (Map.Entry<String, Json> member :
          JsonReader.readObject(utf8, ListLines.MAX_ROW_BYTES).members().entrySet()) {
        if (!ListedDevice.COLUMNS.contains(member.getKey())) {
          return ListedRow.wrong(
              piece.line(), "a member is none of " + String.join(", ", ListedDevice.COLUMNS));
        }
        Json value = member.getValue();
        if (value instanceof Json.Str text) {
          values.put(member.getKey(), text.value());
        } else if (value instanceof Json.Num number) {
          values.put(member.getKey(), Long.toString(number.value()));
        } else if (!(value instanceof Json.Null)) {
          return ListedRow.wrong(
              piece.line(), member.getKey() + ": a text or a number is expected");
        }
      }
    } catch (RejectedException e) {
      return ListedRow.wrong(piece.line(), String.valueOf(e.getMessage()));
    }
    return new ListedRow(piece.line(), values, "");
  }
}
