package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ConfigurationRefused;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.Ssl;

class ManagementTlsTests {
  private final Admin.Printed printed = new Admin.Printed();
  private final TomcatServletWebServerFactory factory = new TomcatServletWebServerFactory();

  private void customize(String plain) {
    new ManagementTls(plain, printed.console()).customize(factory);
  }

  private static InetAddress address(String text) throws UnknownHostException {
    return InetAddress.getByName(text);
  }

  @Test
  void plainHttpIsForThisMachine() throws Exception {
    for (String here : new String[] {"127.0.0.1", "127.8.9.1", "::1"}) {
      factory.setAddress(address(here));
      customize("loopback-only");
    }
    assertThat(printed.text()).isEmpty();
  }

  @Test
  void plainHttpOnAnyOtherAddressDoesNotStart() throws Exception {
    for (String there : new String[] {"0.0.0.0", "192.0.2.1", "::", "2001:db8::1"}) {
      factory.setAddress(address(there));
      assertThatThrownBy(() -> customize("loopback-only"))
          .as(there)
          .isInstanceOf(ConfigurationRefused.class)
          .hasMessageContaining("server.ssl.certificate");
    }
  }

  @Test
  void plainHttpOnEveryAddressDoesNotStart() {
    factory.setAddress(null);
    assertThatThrownBy(() -> customize("")).hasMessageContaining("every address");
  }

  @Test
  void proxyThatSpeaksTlsIsNamedAndTheOperatorReminded() throws Exception {
    factory.setAddress(address("192.0.2.1"));
    customize(ManagementTls.BEHIND_A_PROXY);
    assertThat(printed.text()).contains("signer: warning: plain HTTP on 192.0.2.1");
  }

  @Test
  void otherWordsForThatAreNotTaken() {
    assertThatThrownBy(() -> customize("yes")).isInstanceOf(ConfigurationRefused.class);
  }

  @Test
  void withACertificateItSpeaksOurVersionsAndSuitesAnywhere() throws Exception {
    factory.setAddress(address("0.0.0.0"));
    Ssl ssl = new Ssl();
    factory.setSsl(ssl);
    customize("loopback-only");
    assertThat(ssl.getEnabledProtocols()).containsExactly("TLSv1.3", "TLSv1.2");
    assertThat(ssl.getCiphers()).containsExactlyElementsOf(ManagementTls.SUITES);
  }

  @Test
  void oldVersionsAndWeakSuitesDoNotStart() {
    Ssl ssl = new Ssl();
    factory.setSsl(ssl);
    ssl.setEnabledProtocols(new String[] {"TLSv1.2", "TLSv1.1"});
    assertThatThrownBy(() -> customize("")).hasMessageContaining("server.ssl.enabled-protocols");
    ssl.setEnabledProtocols(new String[] {"TLSv1.3"});
    ssl.setCiphers(new String[] {"TLS_RSA_WITH_AES_128_CBC_SHA"});
    assertThatThrownBy(() -> customize("")).hasMessageContaining("server.ssl.ciphers");
  }

  @Test
  void certificateThatIsSwitchedOffIsNone() throws Exception {
    factory.setAddress(address("0.0.0.0"));
    Ssl ssl = new Ssl();
    ssl.setEnabled(false);
    factory.setSsl(ssl);
    assertThatThrownBy(() -> customize("")).isInstanceOf(ConfigurationRefused.class);
  }
}
