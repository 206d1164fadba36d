package dev.otasigner.service.oidc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against issuers that lead elsewhere, say too much, or nothing. */
class IssuerKeysTests {
  private final HttpServer server = server();
  private final AtomicInteger elsewhere = new AtomicInteger();
  private String keys = "";

  private static HttpServer server() {
    try {
      return HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @BeforeEach
  void start() throws Exception {
    keys = new JWKSet(new RSAKeyGenerator(2048).keyID("first").generate()).toString();
    server.createContext("/jwks", http -> answer(http, 200, keys));
    server.createContext("/much", http -> answer(http, 200, keys + " ".repeat(256 * 1024)));
    server.createContext(
        "/moved",
        http -> {
          http.getResponseHeaders().set("Location", address("/elsewhere").toString());
          answer(http, 302, "");
        });
    server.createContext(
        "/elsewhere",
        http -> {
          elsewhere.incrementAndGet();
          answer(http, 200, keys);
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private static void answer(HttpExchange http, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    http.getResponseHeaders().set("Content-Type", "application/json");
    http.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    http.getResponseBody().write(bytes);
    http.close();
  }

  private URI address(String path) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
  }

  private static int found(URI jwks) throws KeySourceException {
    return IssuerKeys.of(jwks).get(new JWKSelector(new JWKMatcher.Builder().build()), null).size();
  }

  @Test
  void keysAreFetched() throws Exception {
    assertThat(found(address("/jwks"))).isEqualTo(1);
  }

  /** Elsewhere somebody else may answer for the issuer. */
  @Test
  void noRedirectIsFollowed() {
    assertThatThrownBy(() -> found(address("/moved"))).isInstanceOf(KeySourceException.class);
    assertThat(elsewhere).hasValue(0);
  }

  @Test
  void anAnswerOverItsBoundIsRefused() {
    assertThatThrownBy(() -> found(address("/much"))).isInstanceOf(KeySourceException.class);
  }

  @Test
  void anIssuerThatSaysNothingIsGivenUp() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      URI jwks = URI.create("http://127.0.0.1:" + silent.getLocalPort() + "/jwks");
      assertThatThrownBy(() -> found(jwks))
          .isInstanceOf(KeySourceException.class)
          .hasStackTraceContaining("timed out");
    }
  }
}
