package dev.otasigner.cli.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportPageTests {

  private static Json.Obj section(String title, List<String> columns, List<List<String>> rows) {
    return Json.object()
        .put("title", title)
        .put("notes", Json.strings(List.of("Of <b>theirs</b>.")))
        .put("columns", Json.strings(columns))
        .put("rows", new Json.Arr(List.copyOf(rows.stream().map(Json::strings).toList())))
        .build();
  }

  private static Json.Obj report(Json... sections) {
    return Json.object()
        .put("title", "Keys & dates")
        .put("made", "2026-11-22T10:00:00Z")
        .put("from", "2026-08-24T10:00:00Z")
        .put("to", "2026-11-22T10:00:00Z")
        .put("sections", new Json.Arr(List.of(sections)))
        .build();
  }

  /** What somebody typed is text: no cell, no link, no line and no markup of its own. */
  @Test
  void aMarkdownPageKeepsTextsInTheirCells() throws Exception {
    ReportPage page =
        ReportPage.read(
            report(
                section(
                    "Users",
                    List.of("user", "roles"),
                    List.of(List.of("a|b", "x\ny"), List.of("[x](javascript:y)", "`c` _d_"))),
                section("Credentials", List.of(), List.of()),
                section("API keys", List.of("name"), List.of())));
    assertThat(page.markdown())
        .isEqualTo(
            """
            # Keys \\& dates

            Made by the service on 2026-11-22T10:00:00Z of the time from 2026-08-24T10:00:00Z to \
            2026-11-22T10:00:00Z.

            ## Users

            Of \\<b\\>theirs\\</b\\>.

            | user | roles |
            |---|---|
            | a\\|b | x\uFFFDy |
            | \\[x\\](javascript:y) | \\`c\\` \\_d\\_ |

            ## Credentials

            Of \\<b\\>theirs\\</b\\>.

            ## API keys

            Of \\<b\\>theirs\\</b\\>.

            | name |
            |---|

            None.
            """);
  }

  @Test
  void anHtmlPageShowsMarkupAsText() throws Exception {
    String page =
        ReportPage.read(report(section("Keys", List.of("name"), List.of(List.of("<script>\"'&")))))
            .html();
    assertThat(page)
        .contains("<title>Keys &amp; dates</title>")
        .contains("<p>Of &lt;b&gt;theirs&lt;/b&gt;.</p>")
        .contains("<tr><td>&lt;script&gt;&quot;'&amp;</td></tr>")
        .doesNotContain("<script>");
  }

  /** Whoever signs in names themself as they like, and is told of as a refused sign-in. */
  @Test
  void aHostileNameIsNoMarkupAnywhereOnAnHtmlPage() throws Exception {
    String hostile = "user:</td></table><script src=//x></script><img src=x onerror='y'>&lt;";
    String page =
        ReportPage.read(report(section(hostile, List.of(hostile), List.of(List.of(hostile)))))
            .html();
    String shown =
        "user:&lt;/td&gt;&lt;/table&gt;&lt;script src=//x&gt;&lt;/script&gt;"
            + "&lt;img src=x onerror='y'&gt;&amp;lt;";
    assertThat(page)
        .contains("<h2>" + shown + "</h2>", "<th>" + shown + "</th>", "<td>" + shown + "</td>")
        .doesNotContain("<script", "<img", hostile);
  }

  @Test
  void aRowThatDoesNotFitItsTableIsNoReport() {
    assertThatThrownBy(
            () ->
                ReportPage.read(
                    report(section("Keys", List.of("name", "bits"), List.of(List.of("one"))))))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("2 cells");
  }
}
