package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.Digest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Sockets that send a byte now and then, and those who want to be served meanwhile. */
@ServiceTest
class SlowClientsTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private Socket begin(String head) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    send(socket, head);
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    socket.getOutputStream().flush();
  }

  private static String answer(Socket socket) throws IOException {
    byte[] buffer = new byte[4096];
    int n = socket.getInputStream().read(buffer);
    return n < 0 ? "" : new String(buffer, 0, n, StandardCharsets.ISO_8859_1);
  }

  private static String post(String path, String token) {
    return "POST "
        + path
        + " HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n"
        + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n")
        + "\r\n{";
  }

  /** Bodies that are waited for, that are refused, that nothing serves; heads; and silence. */
  @Test
  void aHundredDrippingConnectionsDoNotStopAnHonestRequest() throws Exception {
    Admin admin = Admin.withEveryRole(port, printed.password());
    List<Socket> dripping = new ArrayList<>();
    try {
      for (int i = 0; i < 30; i++) {
        dripping.add(begin(post("/api/v1/sessions", "")));
        dripping.add(begin(post("/api/v1/products", "")));
        dripping.add(begin(post("/nothing", "")));
        dripping.add(begin("GET /api/v1/whoami HTTP/1.1\r\nHost: a\r\nX-Slow: "));
        dripping.add(begin(""));
      }
      for (int round = 0; round < 5; round++) {
        CompletableFuture<Integer> honest =
            CompletableFuture.supplyAsync(() -> admin.get("/api/v1/whoami").status());
        assertThat(honest.get(5, TimeUnit.SECONDS)).isEqualTo(200);
        for (Socket socket : dripping) {
          drip(socket);
        }
      }
    } finally {
      for (Socket socket : dripping) {
        socket.close();
      }
    }
  }

  private static void drip(Socket socket) {
    try {
      send(socket, "a");
    } catch (IOException e) {
      // Refused, and closed.
    }
  }

  /**
   * One byte a second, and none, beside an upload of 50 kB a second; for longer than the window.
   */
  @Test
  void aDripIsRefusedWhileASlowUploadGoesOn() throws Exception {
    Admin admin = Admin.withEveryRole(port, printed.password());
    byte[] piece = new byte[5_000];
    Arrays.fill(piece, (byte) 7);
    int pieces = 240;
    byte[] payload = new byte[pieces * piece.length];
    Arrays.fill(payload, (byte) 7);
    String head =
        "PUT /api/v1/payloads/"
            + Digest.of(payload)
            + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer "
            + admin.token()
            + "\r\nContent-Type: application/octet-stream\r\nConnection: close\r\nContent-Length: "
            + payload.length
            + "\r\n\r\n";
    try (Socket honest = begin(head);
        Socket drips = begin(post("/api/v1/products", admin.token()));
        Socket silent = begin(post("/api/v1/products", admin.token()))) {
      CompletableFuture<String> refusal = later(drips);
      CompletableFuture<String> other = later(silent);
      for (int i = 0; i < pieces; i++) {
        honest.getOutputStream().write(piece);
        if (i % 10 == 0) {
          drip(drips);
        }
        TimeUnit.MILLISECONDS.sleep(100); // the line's own slowness
      }
      assertThat(answer(honest)).startsWith("HTTP/1.1 201");
      for (CompletableFuture<String> refused : List.of(refusal, other)) {
        assertThat(refused.get(15, TimeUnit.SECONDS))
            .startsWith("HTTP/1.1 408")
            .contains("urn:ota:problem:too-slow");
      }
    }
  }

  private static CompletableFuture<String> later(Socket socket) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return answer(socket);
          } catch (IOException e) {
            return "closed: " + e.getMessage();
          }
        });
  }
}
