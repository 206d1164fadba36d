package dev.otasigner.device.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.transport.HttpProxy.Login;
import dev.otasigner.verifier.RejectedException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpProxyTests {
  private static final Optional<Login> NOBODY = Optional.empty();

  private static HttpProxy of(String text) {
    return HttpProxy.of(text, NOBODY);
  }

  @ParameterizedTest
  @ValueSource(strings = {"proxy.example:3128", "10.0.0.1:8080", "[2001:db8::1]:1", "p_1:65535"})
  void hostAndPortAreTaken(String text) {
    assertThat(of(text).toString()).isEqualTo(text);
  }

  @Test
  void addressHas64CharactersAtMost() {
    assertThat(of("a".repeat(64) + ":1").address()).hasSize(64);
    assertThatThrownBy(() -> of("a".repeat(65) + ":1"))
        .hasMessage("proxy address: 1 to 64 characters are expected, not 65");
  }

  @Test
  void userHas32CharactersAtMost() {
    assertThat(new Login("ü".repeat(32), "").user()).hasSize(32);
    assertThatThrownBy(() -> new Login("u".repeat(33), "x"))
        .hasMessage("proxy user: 1 to 32 characters are expected, not 33");
    assertThatThrownBy(() -> new Login("", "x"))
        .hasMessage("proxy user: 1 to 32 characters are expected, not 0");
  }

  @Test
  void passwordHas32CharactersAtMostAndIsNotInTheError() {
    assertThat(new Login("u", "p".repeat(32)).password()).hasSize(32);
    assertThatThrownBy(() -> new Login("u", "hush!".repeat(7)))
        .hasMessage("proxy password: 0 to 32 characters are expected, not 35");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "65536", "99999999999", "-1", "+80", "http", "", "８０"})
  void portIsANumberFrom1To65535(String port) {
    assertThatThrownBy(() -> of("proxy.example:" + port))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("proxy port: a number from 1 to 65535 is expected, not");
  }

  @Test
  void userHasNoColon() {
    assertThatThrownBy(() -> new Login("a:b", "x"))
        .hasMessage("proxy user: no colon is allowed in it (RFC 7617)");
    assertThat(new Login("a", "b:c").password()).isEqualTo("b:c");
  }

  @Test
  void controlCharactersAreRefusedByTheirPosition() {
    assertThatThrownBy(() -> new Login("ab\r\nX: y", "x"))
        .hasMessage("proxy user: a control character stands at position 3");
    assertThatThrownBy(() -> new Login("u", "p\u0000q"))
        .hasMessage("proxy password: a control character stands at position 2");
    assertThatThrownBy(() -> new Login("u", "p\u0085"))
        .hasMessage("proxy password: a control character stands at position 2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a b:1", "a\r\nX:1", "http://p:1", "u@p:1", "p/:1", "-p:1", "2001:db8::1:1", ":1"})
  void addressIsAHostAndNothingElse(String text) {
    assertThatThrownBy(() -> of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("proxy address: ")
        .message()
        .doesNotContain("\r", "\n");
  }

  @Test
  void passwordIsInNoText() {
    HttpProxy proxy = HttpProxy.of("p:1", Optional.of(new Login("fred", "hush!")));
    assertThat(proxy.toString()).isEqualTo("p:1, user fred");
    assertThat(proxy.login().toString()).doesNotContain("hush!");
  }

  @Test
  void credentialsAreThoseOfRfc7617() {
    HttpProxy proxy = HttpProxy.of("p:1", Optional.of(new Login("test", "123\u00a3")));
    assertThat(proxy.authorization()).contains("Basic dGVzdDoxMjPCow==");
  }

  @Test
  void whatIsKeptIsReadAgain() throws RejectedException {
    for (Optional<HttpProxy> proxy :
        java.util.List.of(
            Optional.<HttpProxy>empty(),
            Optional.of(of("p:1")),
            Optional.of(HttpProxy.of("[::1]:9", Optional.of(new Login("ü", "pä ss")))))) {
      assertThat(HttpProxy.read(HttpProxy.toBytes(proxy))).isEqualTo(proxy);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'type':'socks','address':'p','port':1}",
        "{'type':'http','address':'p','port':0}",
        "{'type':'http','address':'a b','port':1}",
        "{'type':'http','address':'p','port':1,'user':'u'}",
        "{'address':'p','port':1}",
        "[]"
      })
  void whatIsKeptIsCheckedAgain(String json) {
    byte[] bytes = json.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> HttpProxy.read(bytes)).isInstanceOf(RejectedException.class);
  }
}
