package dev.otasigner.service.audit;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * By what records are found: a person, a request, a build, a digest. Made from the records after
 * they were written, so that signing does not wait for it; whoever asks brings it up to date first.
 */
@Component
class AuditIndex {
  private static final int PAGE = 500;
  private static final int MAX_TERM = 160;
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern SEPARATOR = Pattern.compile("[,\\s]+");

  private final AuditStore store;
  private final JdbcClient jdbc;
  private final JdbcTemplate batch;
  private final TransactionTemplate transaction;

  AuditIndex(
      AuditStore store, JdbcClient jdbc, JdbcTemplate batch, TransactionTemplate transaction) {
    this.store = store;
    this.jdbc = jdbc;
    this.batch = batch;
    this.transaction = transaction;
  }

  /** Takes in all records that were written before the call. */
  void catchUp() {
    long size = store.size();
    while (Objects.requireNonNull(transaction.execute(status -> upTo(size))) < size) {
      // A page each, so that no transaction is long.
    }
  }

  private long upTo(long size) {
    long from =
        jdbc.sql("select size from audit_indexed where id = 1 for update")
            .query(Long.class)
            .single();
    if (from >= size) {
      return from;
    }
    long to = Math.min(size, from + PAGE);
    List<Object[]> rows =
        store.leaves(from, to).stream()
            .flatMap(leaf -> terms(leaf).stream().map(term -> new Object[] {term, leaf.position()}))
            .toList();
    batch.batchUpdate("insert into audit_term (term, position) values (?, ?)", rows);
    jdbc.sql("update audit_indexed set size = ? where id = 1").param(to).update();
    return to;
  }

  static Set<String> terms(AuditStore.Leaf leaf) {
    Set<String> terms = new LinkedHashSet<>();
    try {
      Fields record = JsonReader.readObject(leaf.bytes(), LogCheck.MAX_RECORD_BYTES);
      add(terms, record.string("actor"));
      String subject = record.string("subject");
      add(terms, subject);
      if (subject.startsWith("release:")) {
        String[] parts = subject.substring("release:".length()).split("/", -1);
        if (parts.length == 4) {
          add(terms, build(parts[0], parts[3]));
        }
      }
      Map<String, Json> details = record.object("details").members();
      if (details.get("product") instanceof Json.Str product
          && details.get("version") instanceof Json.Str version) {
        add(terms, build(product.value(), version.value()));
      }
      if (details.get("approver") instanceof Json.Str approver) {
        add(terms, "user:" + approver.value());
      }
      for (Json detail : details.values()) {
        if (detail instanceof Json.Str text) {
          for (String word : SEPARATOR.splitAsStream(text.value()).toList()) {
            if (DIGEST.matcher(word).matches()) {
              terms.add(word);
            }
          }
        }
      }
    } catch (RejectedException e) {
      return Set.of(); // a damaged record is told of by whoever checks the log
    }
    return terms;
  }

  /** How a build is looked for. */
  static String build(String product, String version) {
    return "build:" + product + "/" + version;
  }

  private static void add(Set<String> terms, String term) {
    terms.add(term.length() > MAX_TERM ? term.substring(0, MAX_TERM) : term);
  }
}
