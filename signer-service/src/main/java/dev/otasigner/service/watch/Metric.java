package dev.otasigner.service.watch;

import java.util.List;

/**
 * Every metric of the service's own. {@code docs/reference/metrics.md} repeats it; a test compares.
 */
public enum Metric {
  REQUESTS(Kind.GAUGE, "signer_requests", "Signing requests by state", "state"),
  WAITING_SECONDS(
      Kind.GAUGE,
      "signer_request_waiting_seconds",
      "For how long the oldest request has waited for approvals; 0 when none waits"),
  APPROVALS_LAPSED(
      Kind.GAUGE,
      "signer_approvals_lapsed",
      "Approvals that lapsed while their request still waits"),
  REQUESTS_LAPSED(
      Kind.COUNTER, "signer_requests_lapsed_total", "Requests that were not approved in time"),
  REFUSALS(Kind.COUNTER, "signer_refusals_total", "Refused calls by type of problem", "type"),
  SIGNATURES(
      Kind.HISTOGRAM,
      "signer_signature_seconds",
      "Signatures by the service's keys, from the call of the worker to its answer",
      "purpose",
      "suite",
      "token"),
  JOURNAL_FORCE(
      Kind.HISTOGRAM,
      "signer_journal_force_seconds",
      "Forces of the worker's journal to the disk",
      "token"),
  KEYS(Kind.GAUGE, "signer_keys", "Keys by purpose, state and token", "purpose", "state", "token"),
  KEY_EXPIRY(
      Kind.GAUGE,
      "signer_key_expiry_seconds",
      "Time until the worker's rule of an active key ends; of the hundred that end first",
      "key"),
  TOKEN_UP(Kind.GAUGE, "signer_token_up", "1 when the token signs, shown by a signature", "token"),
  KEYS_OUT_OF_SERVICE(
      Kind.GAUGE,
      "signer_token_keys_out_of_service",
      "Keys whose token gave a signature that did not verify",
      "token"),
  WORKER_SPARE(
      Kind.GAUGE, "signer_worker_spare", "1 when a hot spare of the worker stands by", "token"),
  WORKER_ENDED(
      Kind.GAUGE, "signer_worker_ended", "Processes of the worker that have ended", "token"),
  AUDIT_RECORDS(Kind.GAUGE, "signer_audit_records", "Records in the audit log"),
  AUDIT_UP(Kind.GAUGE, "signer_audit_up", "1 when the log extends its last checkpoint"),
  CHECKPOINT_AGE(
      Kind.GAUGE,
      "signer_audit_checkpoint_age_seconds",
      "Time since the last checkpoint was kept; one is made when something was recorded"),
  CATALOGUE_EXPIRY(
      Kind.GAUGE,
      "signer_catalogue_expiry_seconds",
      "Time until devices no longer accept the timestamp; below 0 it has expired",
      "product",
      "lineage"),
  CATALOGUE_WAITING(
      Kind.GAUGE,
      "signer_catalogue_waiting_roles",
      "Roles that are not published before the holders of the targets keys have signed",
      "product",
      "lineage"),
  CATALOGUE_UP(
      Kind.GAUGE,
      "signer_catalogue_up",
      "1 when the repository could be published last time",
      "product",
      "lineage"),
  RELEASES(Kind.GAUGE, "signer_releases", "Releases by state", "state"),
  RELEASES_HALTED(
      Kind.GAUGE,
      "signer_releases_halted",
      "Releases that the service has ended by itself and nobody has listed since"),
  CATALOGUE_OVERDUE(
      Kind.GAUGE,
      "signer_catalogue_overdue_roles",
      "Roles that should have been signed anew and have a quarter of their time left, or less",
      "product",
      "lineage"),
  ENDS_ALARM(
      Kind.GAUGE,
      "signer_ends_alarm",
      "Things that end by themselves and would strand devices, by how near the end is",
      "product",
      "stage"),
  ENDS_STRANDED(
      Kind.GAUGE,
      "signer_ends_stranded_devices",
      "Devices that the worst of these ends would strand",
      "product",
      "stage"),
  ENDS_AGE(
      Kind.GAUGE,
      "signer_ends_age_seconds",
      "Time since the service last looked for ends that would strand devices"),
  HANDSHAKES_FAILED(
      Kind.GAUGE,
      "signer_handshakes_failed",
      "Addresses at which a listener is to answer devices and the newest real handshake failed",
      "product"),
  HANDSHAKES_AGE(
      Kind.GAUGE,
      "signer_handshakes_age_seconds",
      "Time since the oldest of the real handshakes that are kept was tried",
      "product"),
  AUTHORITY_EXPIRY(
      Kind.GAUGE,
      "signer_authority_expiry_seconds",
      "Time until a certificate of the service's authorities ends",
      "kind",
      "key_type"),
  CHECK_INS(
      Kind.COUNTER,
      "signer_checkins_total",
      "Check-ins of devices by what they report of an update",
      "result"),
  DEVICES(Kind.GAUGE, "signer_devices", "Devices on record", "product"),
  LISTENER_CONNECTIONS(
      Kind.GAUGE, "signer_listener_connections", "Open connections of a listener", "listener"),
  LISTENER_DEVICES(
      Kind.GAUGE,
      "signer_listener_devices",
      "Devices that were last heard of on a listener, counted once a minute",
      "listener"),
  LISTENER_NEEDED(
      Kind.GAUGE,
      "signer_listener_needed_devices",
      "Devices that can reach no other listener, counted once a minute",
      "listener"),
  LISTENER_SUNSET(
      Kind.GAUGE,
      "signer_listener_sunset_seconds",
      "Time until the listener is to close; below 0 it stays open because devices need it",
      "listener"),
  HANDSHAKES(
      Kind.COUNTER,
      "signer_tls_handshakes_total",
      "TLS handshakes by listener, how they ended and what was agreed",
      "listener",
      "result",
      "version",
      "suite",
      "group"),
  MANAGEMENT_CERTIFICATE_EXPIRY(
      Kind.GAUGE,
      "signer_management_certificate_expiry_seconds",
      "Time until the certificate of the management port ends"),
  HTTP(
      Kind.HISTOGRAM,
      "signer_http_request_seconds",
      "Calls by method, route and status",
      "method",
      "route",
      "status"),
  PAYLOAD_BYTES(
      Kind.GAUGE, "signer_payload_bytes", "Bytes of the payload store, counted once a minute"),
  UPLOADED_BYTES(
      Kind.GAUGE,
      "signer_uploaded_bytes",
      "Bytes that count towards a product's quota of payloads; * is what was uploaded for all",
      "product"),
  PAYLOADS_REMOVED(
      Kind.COUNTER, "signer_payloads_removed_total", "Payloads removed that no request has named"),
  DISK_FREE(Kind.GAUGE, "signer_disk_free_bytes", "Free space where the data directory lies"),
  DATABASE_CONNECTIONS(
      Kind.GAUGE, "signer_database_connections", "Connections of the pool", "state"),
  DATABASE_WAITING(
      Kind.GAUGE, "signer_database_waiting", "Threads that wait for a connection to the database"),
  MEMORY(Kind.GAUGE, "signer_memory_bytes", "Memory of the JVM in use", "area"),
  THREADS(Kind.GAUGE, "signer_threads", "Threads of the JVM"),
  COLLECTION_SECONDS(
      Kind.GAUGE, "signer_collection_seconds", "Time that garbage collection has taken so far"),
  UPTIME_SECONDS(Kind.GAUGE, "signer_uptime_seconds", "Time since the service was started");

  /** How its numbers are to be read. */
  public enum Kind {
    COUNTER,
    GAUGE,
    HISTOGRAM
  }

  private final Kind kind;
  private final String code;
  private final String help;
  private final String labels;

  Metric(Kind kind, String code, String help, String... labels) {
    this.kind = kind;
    this.code = code;
    this.help = help;
    this.labels = String.join(",", labels);
  }

  public Kind kind() {
    return kind;
  }

  /** Its name for Prometheus. */
  public String code() {
    return code;
  }

  public String help() {
    return help;
  }

  public List<String> labels() {
    return labels.isEmpty() ? List.of() : List.of(labels.split(",", -1));
  }
}
