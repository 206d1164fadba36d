package dev.otasigner.service.report;

import java.util.List;

/** What one part of the service knows to end, so that somebody can be told in time. */
public interface EndingSource {
  List<Ending> endings();
}
