package dev.otasigner.service.fleet;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** The rows of a list, one after the other: a list has any length, and is never in memory whole. */
interface ListedRows {
  /** The next row, or empty at the end. */
  Optional<ListedRow> next() throws IOException;

  /** How a list is written. */
  enum Form {
    CSV,
    JSON;

    /**
     * The rows of a list in this form.
     *
     * @throws dev.otasigner.service.problem.SignerException BAD_REQUEST when no row could be read
     */
    ListedRows of(InputStream in) throws IOException {
      ListLines lines = new ListLines(in);
      return switch (this) {
        case CSV -> new CsvRows(lines);
        case JSON -> new JsonRows(lines);
      };
    }
  }
}
