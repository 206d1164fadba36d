package dev.otasigner.service.watch;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** Prometheus' text format, at the path where it is looked for. */
@RestController
class MetricsController {
  private final Metrics metrics;
  private final PrometheusTextFormatWriter format = PrometheusTextFormatWriter.create();

  MetricsController(Metrics metrics) {
    this.metrics = metrics;
  }

  @GetMapping("/actuator/prometheus")
  @AllowedTo({Role.AUDITOR, Role.ADMINISTRATOR})
  void scrape(HttpServletResponse response) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    format.write(text, metrics.scrape());
    response.setContentType(PrometheusTextFormatWriter.CONTENT_TYPE);
    response.setContentLength(text.size());
    text.writeTo(response.getOutputStream());
  }
}
