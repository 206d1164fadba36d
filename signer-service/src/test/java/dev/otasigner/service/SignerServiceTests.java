package dev.otasigner.service;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What holds for every request on the management port. */
@ServiceTest
class SignerServiceTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Clock clock;

  @Test
  void healthIsOpenAndTellsWhetherTheTokenSigns() throws Exception {
    Admin.Answer health = Admin.anonymous(port).get("/actuator/health").expect(200);
    assertThat(health.json().object("components").object("token").string("status")).isEqualTo("UP");
    assertThat(health.json().object("components").object("auditLog").string("status"))
        .isEqualTo("UP");
  }

  @Test
  void theClockIsNoFinerThanWhatTheTablesHold() {
    for (int i = 0; i < 1_000; i++) {
      Instant now = clock.instant();
      assertThat(now).isEqualTo(now.truncatedTo(ChronoUnit.MILLIS));
      Instant real = SignerService.clock().instant();
      assertThat(real).isEqualTo(real.truncatedTo(ChronoUnit.MILLIS));
    }
  }

  @Test
  void nothingElseOfTheActuatorIsServed() {
    for (String path : new String[] {"/actuator/env", "/actuator/beans", "/actuator/shutdown"}) {
      assertThat(Admin.anonymous(port).get(path).status()).isIn(401, 404);
    }
  }

  @Test
  void devicePathsAreNotServedOnTheManagementPort() {
    Admin.anonymous(port).post("/device/v1/enrol", "{}").expectProblem(404, "not-found");
    Admin.anonymous(port).post("/device/v1/checkin", "{}").expectProblem(404, "not-found");
    Admin.anonymous(port).get("/gadget/main/metadata/1.root.json").expectProblem(404, "not-found");
    Admin.anonymous(port).get("/").expectProblem(404, "not-found");
  }

  @Test
  void answersAreNeitherCachedNorSniffedNorFramed() throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/actuator/health"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.headers().firstValue("Cache-Control").orElse("")).contains("no-store");
    assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    assertThat(answer.headers().firstValue("X-Frame-Options")).contains("DENY");
    assertThat(answer.headers().firstValue("Content-Security-Policy").orElse(""))
        .contains("default-src 'none'");
    assertThat(answer.headers().firstValue("Server")).isEmpty();
  }

  @Test
  void consoleSaysWhereItListensAndThePasswordOnce() {
    assertThat(printed.text()).contains("signer: listening on http://127.0.0.1:" + port + "\n");
    assertThat(printed.text().split("administrator password", -1)).hasSize(2);
  }

  @Test
  void bodyLongerThanAnyDocumentIsRefused() {
    Admin.anonymous(port)
        .post("/api/v1/sessions", "{'user':'" + "x".repeat(1024 * 1024) + "'}")
        .expectProblem(413, "too-large");
  }

  @Test
  void endlessBodyIsRefusedTooThoughItStatesNoLength() throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/sessions"))
                    .header("Content-Type", "application/json")
                    .POST(
                        HttpRequest.BodyPublishers.ofInputStream(
                            () ->
                                new java.io.SequenceInputStream(
                                    new java.io.ByteArrayInputStream(
                                        "{\"user\":\""
                                            .getBytes(java.nio.charset.StandardCharsets.US_ASCII)),
                                    new java.io.ByteArrayInputStream(
                                        "x"
                                            .repeat(2_000_000)
                                            .getBytes(
                                                java.nio.charset.StandardCharsets.US_ASCII)))))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(answer.body()).contains("urn:ota:problem:too-large");
  }
}
