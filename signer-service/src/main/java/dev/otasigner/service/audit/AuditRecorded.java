package dev.otasigner.service.audit;

import java.util.Map;

/** Published inside the transaction in which something was recorded. */
public record AuditRecorded(RecordKind kind, String subject, Map<String, String> details) {
  public AuditRecorded {
    details = Map.copyOf(details);
  }
}
