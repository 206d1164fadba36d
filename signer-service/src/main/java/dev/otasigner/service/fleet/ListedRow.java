package dev.otasigner.service.fleet;

import java.util.Map;

/**
 * A row of a list as it was read.
 *
 * @param line on which it begins, from 1
 * @param values what it says, by column; nothing empty
 * @param wrong why it can not be read; empty when it can
 */
record ListedRow(long line, Map<String, String> values, String wrong) {
  ListedRow {
    values = Map.copyOf(values);
  }

  static ListedRow wrong(long line, String why) {
    return new ListedRow(line, Map.of(), why);
  }
}
