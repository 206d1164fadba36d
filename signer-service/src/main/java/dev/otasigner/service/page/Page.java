package dev.otasigner.service.page;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import java.util.function.Function;

/**
 * How much of a list is asked for at once.
 *
 * @param limit so many items at most
 */
public record Page(int limit) {
  /** For who asks for no other number. */
  public static final String DEFAULT = "100";

  /** As many as a page of the audit log has. */
  static final int MAX = 500;

  public Page {
    if (limit < 1 || limit > MAX) {
      throw new SignerException(ProblemType.BAD_REQUEST, "limit: 1 to " + MAX + " is expected");
    }
  }

  /** How many to read: with the first of the next page, if there is one. */
  public int toRead() {
    return limit + 1;
  }

  /** The problem of a {@code from} that no page has named. */
  public static SignerException notFrom() {
    return new SignerException(
        ProblemType.BAD_REQUEST, "from: what the page before has in \"next\" is expected");
  }

  /**
   * The page as it is answered.
   *
   * @param read up to {@link #toRead} items, of which the last is not shown
   * @param cursor what {@code from} the next page is asked for with, when it begins with this item
   */
  public <T> Json.Obj of(
      String name, List<T> read, Function<T, Json> shown, Function<T, String> cursor) {
    List<Json> items = read.stream().limit(limit).map(shown).toList();
    Json.Builder page = Json.object().put(name, items);
    if (read.size() > limit) {
      page.put("next", cursor.apply(read.get(limit)));
    }
    return page.build();
  }
}
