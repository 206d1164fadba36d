package dev.otasigner.service.report;

import java.util.List;

/** What one part of the service keeps, told by that part. */
public interface RetentionSource {
  List<Retention> retentions();
}
