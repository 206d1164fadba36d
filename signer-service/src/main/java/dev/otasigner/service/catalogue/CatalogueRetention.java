package dev.otasigner.service.catalogue;

import dev.otasigner.service.report.Retention;
import dev.otasigner.service.report.RetentionSource;
import java.util.List;
import org.springframework.stereotype.Component;

/** How long what was published is kept. */
@Component
class CatalogueRetention implements RetentionSource {
  @Override
  public List<Retention> retentions() {
    return List.of(Retention.forEver("published metadata and files, all versions"));
  }
}
