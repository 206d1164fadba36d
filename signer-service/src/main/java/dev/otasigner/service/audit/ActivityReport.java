package dev.otasigner.service.audit;

import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Retention;
import dev.otasigner.service.report.RetentionSource;
import dev.otasigner.service.report.Section;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/** Who signed in, who was turned away, and what each did, as the log has it. */
@Component
class ActivityReport implements ReportSource, RetentionSource {
  private static final int PAGE = 500;
  private static final int MAX_RECORD_BYTES = 64 * 1024;

  private final AuditStore store;

  ActivityReport(AuditStore store) {
    this.store = store;
  }

  @Override
  public ReportKind kind() {
    return ReportKind.ACCESS;
  }

  @Override
  public int position() {
    return 1;
  }

  @Override
  public List<Retention> retentions() {
    return List.of(
        Retention.forEver("audit log: who did what, when, and from which address when signing in"));
  }

  /** What was counted. */
  private record Doing(String who, String action) implements Comparable<Doing> {
    @Override
    public int compareTo(Doing other) {
      int byWho = who.compareTo(other.who);
      return byWho != 0 ? byWho : action.compareTo(other.action);
    }
  }

  private static final class Count {
    private long times;
    private String first = "";
    private String last = "";
  }

  @Override
  public List<Section> sections(Period period) {
    Map<String, Count> signIns = new TreeMap<>();
    Map<String, Count> denied = new TreeMap<>();
    Map<Doing, Count> actions = new TreeMap<>();
    long from = 0;
    List<AuditStore.Leaf> page = store.leavesBetween(period.from(), period.to(), from, PAGE);
    while (!page.isEmpty()) {
      for (AuditStore.Leaf leaf : page) {
        count(leaf, signIns, denied, actions);
        from = leaf.position() + 1;
      }
      page = store.leavesBetween(period.from(), period.to(), from, PAGE);
    }
    List<List<String>> doings = new ArrayList<>();
    actions.forEach(
        (doing, count) ->
            doings.add(List.of(doing.who(), doing.action(), Long.toString(count.times))));
    return List.of(
        new Section(
            "Sign-ins", List.of(), List.of("user", "times", "first", "last"), rows(signIns)),
        new Section(
            "Refused sign-ins",
            List.of(
                "The first "
                    + Refusals.EACH
                    + " of one address in ten minutes stand under the user named, the others under"
                    + " where they came from."),
            List.of("user named", "times", "first", "last"),
            rows(denied)),
        new Section(
            "Actions",
            List.of(
                "Every one is a leaf of a Merkle tree whose heads are signed and carried away with"
                    + " the catalogue; the log holds "
                    + store.size()
                    + " records."),
            List.of("who", "action", "times"),
            doings));
  }

  private static void count(
      AuditStore.Leaf leaf,
      Map<String, Count> signIns,
      Map<String, Count> denied,
      Map<Doing, Count> actions) {
    try {
      Fields record = JsonReader.readObject(leaf.bytes(), MAX_RECORD_BYTES);
      String action = record.string("action");
      String at = record.string("at");
      String subject = record.string("subject");
      switch (action) {
        case "session.opened" -> add(signIns, subject, at);
        case "session.denied", "issued-token.refused" -> add(denied, subject, at);
        case "refusals.counted" -> countCounted(record.object("details"), subject, denied, actions);
        default -> add(actions, new Doing(record.string("actor"), action), at);
      }
    } catch (RejectedException e) {
      throw new IllegalStateException("record " + leaf.position() + " is damaged", e);
    }
  }

  /** One record that stands for many: what it counted was done by the source, not the service. */
  private static void countCounted(
      Fields details, String source, Map<String, Count> denied, Map<Doing, Count> actions)
      throws RejectedException {
    String action = details.string("action");
    long times = Long.parseLong(details.string("times"));
    String first = details.string("first");
    String last = details.string("last");
    if (action.equals("call.refused")) {
      add(actions, new Doing(source, action), times, first, last);
    } else {
      add(denied, source, times, first, last);
    }
  }

  private static <K> void add(Map<K, Count> counts, K key, String at) {
    add(counts, key, 1, at, at);
  }

  private static <K> void add(Map<K, Count> counts, K key, long times, String first, String last) {
    Count count = counts.computeIfAbsent(key, k -> new Count());
    if (count.times == 0) {
      count.first = first;
    }
    count.times += times;
    count.last = last;
  }

  private static List<List<String>> rows(Map<String, Count> counts) {
    List<List<String>> rows = new ArrayList<>();
    counts.forEach(
        (who, count) ->
            rows.add(List.of(who, Long.toString(count.times), count.first, count.last)));
    return rows;
  }
}
