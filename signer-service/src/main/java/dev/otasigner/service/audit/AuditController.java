package dev.otasigner.service.audit;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.LogCheck;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Reading the log. */
@RestController
@RequestMapping("/api/v1/audit")
class AuditController {
  private static final int PAGE = 500;

  private final AuditStore store;
  private final AuditIndex index;
  private final AuditLog log;

  AuditController(AuditStore store, AuditIndex index, AuditLog log) {
    this.store = store;
    this.index = index;
    this.log = log;
  }

  /**
   * A page of records from number {@code from} on.
   *
   * @param user only those of this user's name, or of an actor such as {@code api-key:ci}
   * @param about only those about this: a person or program (what they did and what was done to
   *     them), {@code request:ID}, {@code build:PRODUCT/VERSION}, or a digest
   */
  @GetMapping
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  Json page(
      @RequestParam(defaultValue = "0") long from,
      @RequestParam @Nullable String user,
      @RequestParam @Nullable String about,
      @RequestParam @Nullable String since,
      @RequestParam @Nullable String until) {
    if (about != null) {
      index.catchUp();
    }
    AuditStore.Wanted wanted =
        new AuditStore.Wanted(
            from,
            Optional.ofNullable(user).map(name -> name.indexOf(':') < 0 ? "user:" + name : name),
            Optional.ofNullable(about),
            time("since", since),
            time("until", until));
    List<AuditStore.Leaf> leaves = store.find(wanted, PAGE);
    List<Json> records = new ArrayList<>();
    for (AuditStore.Leaf leaf : leaves) {
      try {
        records.add(JsonReader.read(leaf.bytes(), LogCheck.MAX_RECORD_BYTES));
      } catch (RejectedException e) {
        throw new IllegalStateException("record " + leaf.position() + " is damaged", e);
      }
    }
    Json.Builder page = Json.object().put("records", records).put("size", store.size());
    if (leaves.size() == PAGE) {
      page.put("next", leaves.get(PAGE - 1).position() + 1);
    }
    return page.build();
  }

  private static Optional<Instant> time(String name, @Nullable String text) {
    return Optional.ofNullable(text).map(given -> QueryTime.read(name, given));
  }

  /** A C2SP signed note over the log as it is now. */
  @GetMapping(path = "/checkpoint", produces = MediaType.TEXT_PLAIN_VALUE)
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  void checkpoint(HttpServletResponse response) throws IOException {
    byte[] note = log.checkpoint();
    response.setContentType("text/plain;charset=utf-8");
    response.setContentLength(note.length);
    response.getOutputStream().write(note);
  }

  /**
   * Every record on a line of its own, byte for byte as it was hashed. That somebody took it is a
   * record too, which comes after what was taken.
   *
   * @param size only the first so many records: those that a checkpoint of this size vouches for
   */
  @GetMapping(path = "/export", produces = "application/x-ndjson")
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  void export(@RequestParam @Nullable Long size, HttpServletResponse response) throws IOException {
    long whole = store.size();
    if (size != null && (size < 0 || size > whole)) {
      throw new SignerException(ProblemType.BAD_REQUEST, "size: the log has " + whole + " records");
    }
    long wanted = size == null ? whole : size;
    log.record(
        RecordKind.EVIDENCE_EXPORTED.code(), "audit-log", Map.of("size", Long.toString(wanted)));
    response.setContentType("application/x-ndjson");
    OutputStream out = response.getOutputStream();
    for (long from = 0; from < wanted; from += PAGE) {
      for (AuditStore.Leaf leaf : store.leaves(from, Math.min(from + PAGE, wanted))) {
        out.write(leaf.bytes());
        out.write('\n');
      }
    }
  }
}
