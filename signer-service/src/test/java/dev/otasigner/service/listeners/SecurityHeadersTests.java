package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/**
 * Every answer of the management port, whoever gives it, says what a browser must not do with it.
 */
@ServiceTest
class SecurityHeadersTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private final HttpClient client = HttpClient.newHttpClient();

  private Map<String, HttpHeaders> answers() throws IOException, InterruptedException {
    Admin admin = Admin.withEveryRole(port, printed.password());
    return Map.of(
        "200", headers("/api/v1/whoami", admin.token(), 200),
        "401", headers("/api/v1/whoami", "", 401),
        "404 of the API", headers("/api/v1/nothing", admin.token(), 404),
        "404 of no API", headers("/nothing.html", "", 404),
        "health", headers("/actuator/health", "", 200),
        "no product", headers("/api/v1/products/none/channels", admin.token(), 404));
  }

  private HttpHeaders headers(String path, String token, int status)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    if (!token.isEmpty()) {
      request.header("Authorization", "Bearer " + token);
    }
    HttpResponse<Void> response =
        client.send(request.build(), HttpResponse.BodyHandlers.discarding());
    assertThat(response.statusCode()).as(path).isEqualTo(status);
    return response.headers();
  }

  private void everyAnswerSays(String name, String value) throws Exception {
    answers()
        .forEach(
            (what, headers) -> assertThat(headers.allValues(name)).as(what).containsExactly(value));
  }

  @Test
  void noTypeIsGuessed() throws Exception {
    everyAnswerSays("X-Content-Type-Options", "nosniff");
  }

  @Test
  void nothingIsLoadedOrFramed() throws Exception {
    everyAnswerSays("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    everyAnswerSays("X-Frame-Options", "DENY");
  }

  @Test
  void noAddressIsHandedOn() throws Exception {
    everyAnswerSays("Referrer-Policy", "no-referrer");
  }

  @Test
  void noOtherSiteReadsIt() throws Exception {
    everyAnswerSays("Cross-Origin-Resource-Policy", "same-origin");
  }

  @Test
  void nothingIsStored() throws Exception {
    answers()
        .forEach(
            (what, headers) ->
                assertThat(headers.firstValue("Cache-Control").orElse(""))
                    .as(what)
                    .contains("no-store"));
  }

  @Test
  void plainHttpPromisesNoTls() throws Exception {
    answers()
        .forEach(
            (what, headers) ->
                assertThat(headers.allValues("Strict-Transport-Security")).as(what).isEmpty());
  }

  /** Else whoever tries passwords has a new address for each. */
  @Test
  void addressThatAClientSaysIsItsOwnIsNotBelieved() throws Exception {
    String name = "x" + Long.toHexString(System.nanoTime());
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.newUser(port, name, "auditor");
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/sessions"))
            .header("Content-Type", "application/json")
            .header("X-Forwarded-For", "198.51.100.7")
            .header("Forwarded", "for=198.51.100.7")
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"user\":\""
                        + name
                        + "\",\"password\":\""
                        + name
                        + ", known to nobody else\"}"))
            .build();
    assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
        .isEqualTo(201);
    assertThat(admin.get("/api/v1/audit?user=" + name).expect(200).text())
        .contains("session.opened")
        .doesNotContain("198.51.100.7");
  }
}
