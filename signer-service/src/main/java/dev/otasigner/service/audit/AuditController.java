package dev.otasigner.service.audit;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
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
  private static final int MAX_RECORD_BYTES = 64 * 1024;

  private final AuditStore store;
  private final AuditLog log;

  AuditController(AuditStore store, AuditLog log) {
    this.store = store;
    this.log = log;
  }

  /**
   * A page of records from number {@code from} on.
   *
   * @param user only those of this user's name, or of an actor such as {@code api-key:ci}
   */
  @GetMapping
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  Json page(@RequestParam(defaultValue = "0") long from, @RequestParam @Nullable String user) {
    List<AuditStore.Leaf> leaves =
        user == null
            ? store.leaves(from, PAGE)
            : store.leavesOf(user.indexOf(':') < 0 ? "user:" + user : user, from, PAGE);
    List<Json> records = new ArrayList<>();
    for (AuditStore.Leaf leaf : leaves) {
      try {
        records.add(JsonReader.read(leaf.bytes(), MAX_RECORD_BYTES));
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

  /** A C2SP signed note over the log as it is now. */
  @GetMapping(path = "/checkpoint", produces = MediaType.TEXT_PLAIN_VALUE)
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  void checkpoint(HttpServletResponse response) throws IOException {
    byte[] note = log.checkpoint();
    response.setContentType("text/plain;charset=utf-8");
    response.setContentLength(note.length);
    response.getOutputStream().write(note);
  }

  /** Every record on a line of its own, byte for byte as it was hashed. */
  @GetMapping(path = "/export", produces = "application/x-ndjson")
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  void export(HttpServletResponse response) throws IOException {
    response.setContentType("application/x-ndjson");
    OutputStream out = response.getOutputStream();
    long size = store.size();
    for (long from = 0; from < size; from += PAGE) {
      for (AuditStore.Leaf leaf : store.leaves(from, (int) Math.min(PAGE, size - from))) {
        out.write(leaf.bytes());
        out.write('\n');
      }
    }
  }
}
