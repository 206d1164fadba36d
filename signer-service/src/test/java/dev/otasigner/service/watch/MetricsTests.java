package dev.otasigner.service.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What Prometheus is told, and to whom. */
@ServiceTest
class MetricsTests {
  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `(signer_[a-z_]+)` \\| (counter|gauge|histogram) \\| ([^|]*) \\|");
  private static final Pattern SERIES =
      Pattern.compile("(?m)^(signer_[a-z_]+)(?:\\{([^}]*)})? (\\S+)$");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  @Test
  void everyMetricIsDocumentedWithItsLabelsAndNoOtherIs() throws Exception {
    Set<String> documented = new TreeSet<>();
    Matcher row = ROW.matcher(Files.readString(DOCS.resolve("reference/metrics.md")));
    while (row.find()) {
      documented.add(
          row.group(1) + " " + row.group(2) + " " + row.group(3).replace("`", "").strip());
    }
    Set<String> known = new TreeSet<>();
    Arrays.stream(Metric.values())
        .forEach(
            m ->
                known.add(
                    m.code()
                        + " "
                        + m.kind().name().toLowerCase(java.util.Locale.ROOT)
                        + " "
                        + String.join(", ", m.labels())));
    assertThat(documented).isEqualTo(known);
  }

  @Test
  void everyAlertAsksForAMetricThatThereIs() throws Exception {
    String rules = Files.readString(DOCS.resolve("how-to/alerts.yaml"));
    Set<String> known = new TreeSet<>();
    Arrays.stream(Metric.values()).forEach(m -> known.add(m.code()));
    Matcher name = Pattern.compile("signer_[a-z_]+").matcher(rules);
    while (name.find()) {
      assertThat(known).contains(name.group().replaceFirst("_(bucket|count|sum)$", ""));
    }
    assertThat(Pattern.compile("(?m)^      - alert: ").matcher(rules).results().count())
        .isPositive()
        .isEqualTo(Pattern.compile("(?m)^        expr: ").matcher(rules).results().count())
        .isEqualTo(Pattern.compile("(?m)^          summary: ").matcher(rules).results().count());
  }

  @Test
  void nobodyReadsThemWithoutAToken() {
    assertThat(Admin.anonymous(port).get("/actuator/prometheus").status()).isEqualTo(401);
  }

  @Test
  void otherRolesDoNotReadThem() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    Admin engineer = admin.withToken(apiKey(admin, "'release-engineer'"));
    assertThat(engineer.get("/actuator/prometheus").status()).isEqualTo(403);
  }

  @Test
  void auditorReadsThem() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    String text = admin.withToken(apiKey(admin, "'auditor'")).get("/actuator/prometheus").text();
    assertThat(text)
        .contains("signer_token_up{token=\"software\"} 1.0")
        .contains("signer_audit_up 1.0")
        .contains("signer_requests{state=\"awaiting-approval\"}")
        .contains("signer_disk_free_bytes")
        .contains("signer_database_connections{state=\"idle\"}")
        .contains("signer_memory_bytes{area=\"heap\"}");
  }

  @Test
  void signaturesAreTimedByPurposeSuiteAndToken() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.get("/api/v1/audit/checkpoint").expect(200);
    assertThat(admin.get("/actuator/prometheus").text())
        .containsPattern(
            "signer_signature_seconds_count\\{purpose=\"audit\",suite=\"[a-z0-9-]+\",token=\"software\"} [1-9]")
        .containsPattern("signer_journal_force_seconds_count\\{token=\"software\"} [1-9]");
  }

  @Test
  void refusalsAreCountedByType() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    double before = value(admin, "signer_refusals_total{type=\"wrong-credentials\"}");
    admin.post("/api/v1/sessions", "{'user':'nobody-known','password':'wrong'}").expect(401);
    assertThat(value(admin, "signer_refusals_total{type=\"wrong-credentials\"}"))
        .isEqualTo(before + 1);
  }

  @Test
  void noLabelHoldsWhatAClientChose() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.get("/api/v1/keys/chosen-by-a-client").expect(404);
    admin.get("/api/v1/chosen-by-a-client").expect(404);
    admin.post("/api/v1/sessions", "{'user':'chosen-by-a-client','password':'x'}").expect(401);
    String text = admin.get("/actuator/prometheus").text();
    assertThat(text)
        .doesNotContain("chosen-by-a-client")
        .contains("route=\"/api/v1/keys/{key}\",status=\"404\"");
  }

  private static double value(Admin admin, String series) {
    Matcher line = SERIES.matcher(admin.get("/actuator/prometheus").text());
    while (line.find()) {
      if ((line.group(1) + "{" + line.group(2) + "}").equals(series)) {
        return Double.parseDouble(line.group(3));
      }
    }
    return 0;
  }

  private static String apiKey(Admin admin, String role) {
    String name = "m" + Long.toHexString(System.nanoTime());
    return admin
        .post("/api/v1/api-keys", "{'name':'" + name + "','roles':[" + role + "],'days':1}")
        .expect(201)
        .string("secret");
  }
}
