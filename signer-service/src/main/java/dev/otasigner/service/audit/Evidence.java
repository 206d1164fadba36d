package dev.otasigner.service.audit;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.springframework.stereotype.Component;

/**
 * All that the log knows of an image: the records that name it, and those of the requests, builds
 * and approvals that these lead to.
 */
@Component
class Evidence {
  /** Of one answer. */
  static final int MAX_RECORDS = 200;

  /** What in a record's details leads on: to the request as approved, and to what came of it. */
  private static final List<String> LEADS = List.of("digest", "request", "document", "manifest");

  private static final List<String> SUBJECTS = List.of("request:", "build:");

  private final AuditStore store;
  private final AuditIndex index;

  Evidence(AuditStore store, AuditIndex index) {
    this.store = store;
    this.index = index;
  }

  /**
   * Records in their order.
   *
   * @param more whether there are others, left out
   */
  record Found(List<AuditStore.Leaf> records, boolean more) {}

  Found about(String term) {
    index.catchUp();
    TreeMap<Long, AuditStore.Leaf> records = new TreeMap<>();
    Set<String> seen = new HashSet<>(Set.of(term));
    Deque<String> asked = new ArrayDeque<>(seen);
    boolean more = false;
    while (!asked.isEmpty()) {
      AuditStore.Wanted wanted =
          new AuditStore.Wanted(
              0, Optional.empty(), Optional.of(asked.remove()), Optional.empty(), Optional.empty());
      List<AuditStore.Leaf> found = store.find(wanted, MAX_RECORDS + 1);
      for (AuditStore.Leaf leaf : found) {
        if (records.containsKey(leaf.position())) {
          continue;
        }
        if (records.size() >= MAX_RECORDS) {
          more = true;
          break;
        }
        records.put(leaf.position(), leaf);
        leads(leaf).stream().filter(seen::add).forEach(asked::add);
      }
    }
    return new Found(List.copyOf(records.values()), more);
  }

  private static Set<String> leads(AuditStore.Leaf leaf) {
    Set<String> leads = new HashSet<>();
    try {
      Fields record = JsonReader.readObject(leaf.bytes(), LogCheck.MAX_RECORD_BYTES);
      Set<String> terms = AuditIndex.terms(leaf);
      terms.stream()
          .filter(term -> SUBJECTS.stream().anyMatch(term::startsWith))
          .forEach(leads::add);
      Map<String, Json> details = record.object("details").members();
      for (String name : LEADS) {
        if (details.get(name) instanceof Json.Str text && terms.contains(text.value())) {
          leads.add(text.value());
        }
      }
    } catch (RejectedException e) {
      return Set.of();
    }
    return leads;
  }
}
