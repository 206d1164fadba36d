package dev.otasigner.service.replica;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.mock.web.MockFilterChain;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;

@SuppressWarnings("NullAway.Init")
class HandedOnRequestsTests {
  private static final long NUMBER = 7;
  private static final String CALLER = "192.0.2.9";

  @TempDir Path directory;
  private ReplicaSecret secret;

  @BeforeEach
  void makeSecret() throws IOException {
    secret = ReplicaSecret.in(directory);
  }

  /** Where the service takes a request to come from that came from 127.0.0.1. */
  private String sourceOf(MockHttpServletRequest request) throws Exception {
    MockFilterChain chain = new MockFilterChain();
    new HandedOnRequests(secret, NUMBER).doFilter(request, new MockHttpServletResponse(), chain);
    return Objects.requireNonNull(chain.getRequest()).getRemoteAddr();
  }

  private static MockHttpServletRequest request(String uri, String mark) {
    MockHttpServletRequest request = new MockHttpServletRequest("POST", uri);
    request.addHeader(HandedOnRequests.SOURCE, CALLER);
    request.addHeader(HandedOnRequests.MARK, mark);
    return request;
  }

  @Test
  void theCallersAddressIsBelievedOfWhoeverKnowsTheSecret() throws Exception {
    String mark = secret.mark(NUMBER, "POST", "/api/v1/sessions", CALLER);
    assertThat(sourceOf(request("/api/v1/sessions", mark))).isEqualTo(CALLER);
  }

  @Test
  void anybodyElsesWordOnItIsNotBelieved() throws Exception {
    assertThat(sourceOf(request("/api/v1/sessions", "0".repeat(64)))).isEqualTo("127.0.0.1");
    String another =
        ReplicaSecret.in(Files.createDirectory(directory.resolve("another")))
            .mark(NUMBER, "POST", "/api/v1/sessions", CALLER);
    assertThat(sourceOf(request("/api/v1/sessions", another))).isEqualTo("127.0.0.1");
  }

  @Test
  void aMarkIsForOneRequestAndOneActiveService() throws Exception {
    String mark = secret.mark(NUMBER, "POST", "/api/v1/sessions", CALLER);
    assertThat(sourceOf(request("/api/v1/users", mark))).isEqualTo("127.0.0.1");
    String former = secret.mark(NUMBER - 1, "POST", "/api/v1/sessions", CALLER);
    assertThat(sourceOf(request("/api/v1/sessions", former))).isEqualTo("127.0.0.1");
    String elsewhere = secret.mark(NUMBER, "POST", "/api/v1/sessions", "192.0.2.8");
    assertThat(sourceOf(request("/api/v1/sessions", elsewhere))).isEqualTo("127.0.0.1");
  }

  @Test
  void theSecretIsMadeOnce() throws IOException {
    assertThat(ReplicaSecret.in(directory).mark(1, "GET", "/", CALLER))
        .isEqualTo(secret.mark(1, "GET", "/", CALLER));
  }

  @Test
  void aSecretThatOthersMayReadIsRefused() throws IOException {
    Files.setPosixFilePermissions(
        directory.resolve("secret"), PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> ReplicaSecret.in(directory))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void aSecretOfAnotherLengthIsRefused() throws IOException {
    Files.write(directory.resolve("secret"), new byte[31]);
    assertThatThrownBy(() -> ReplicaSecret.in(directory))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("32 bytes");
  }
}
