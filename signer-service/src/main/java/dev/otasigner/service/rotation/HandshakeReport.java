package dev.otasigner.service.rotation;

import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import java.util.List;
import org.springframework.stereotype.Component;

/** Where the service tries handshakes. */
@Component
class HandshakeReport implements ReportSource {
  private final HandshakeStore store;

  HandshakeReport(HandshakeStore store) {
    this.store = store;
  }

  @Override
  public ReportKind kind() {
    return ReportKind.NETWORK;
  }

  @Override
  public int position() {
    return 3;
  }

  @Override
  public List<Section> sections(Period period) {
    return List.of(
        new Section(
            "Tried handshakes",
            List.of(
                "Once a day the service begins TLS where profiles have devices dial, to see that"
                    + " they get through; no data is sent."),
            List.of("dialled"),
            store.all().stream()
                .map(result -> result.address().text())
                .distinct()
                .sorted()
                .map(List::of)
                .toList()));
  }
}
