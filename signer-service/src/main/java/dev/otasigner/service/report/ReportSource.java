package dev.otasigner.service.report;

import java.util.List;

/** What one part of the service knows for a report; each reads its own tables and settings. */
public interface ReportSource {
  ReportKind kind();

  /** Where its sections stand among the others of the kind; lower ones come first. */
  int position();

  List<Section> sections(Period period);
}
