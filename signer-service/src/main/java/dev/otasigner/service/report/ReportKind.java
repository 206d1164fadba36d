package dev.otasigner.service.report;

import java.util.Locale;
import java.util.Optional;

/** What is asked about. */
public enum ReportKind {
  ACCESS("Who may do what, and who did"),
  CRYPTO("Keys, algorithms, strengths and dates"),
  NETWORK("Addresses, ports, TLS and data");

  private final String title;

  ReportKind(String title) {
    this.title = title;
  }

  public String title() {
    return title;
  }

  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  public static Optional<ReportKind> ofCode(String code) {
    for (ReportKind kind : values()) {
      if (kind.code().equals(code)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }
}
