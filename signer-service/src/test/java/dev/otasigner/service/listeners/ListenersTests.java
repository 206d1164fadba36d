package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.authority.Authorities;
import dev.otasigner.service.authority.AuthorityKeyType;
import dev.otasigner.service.authority.AuthorityKind;
import dev.otasigner.service.fleet.FleetFixture;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.jdbc.core.simple.JdbcClient;

@ServiceTest
class ListenersTests {
  private static final String TLS13 =
      "'tls':{'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-384'}";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Authorities authorities;
  @Autowired private JdbcClient jdbc;

  private Admin admin = Admin.anonymous(0);
  private String name = "";
  private int number;

  @BeforeEach
  void signIn() {
    // Of tests before: they would keep a listener open.
    jdbc.sql("delete from fleet_device").update();
    admin = Admin.withEveryRole(port, printed.password());
    name = "l" + Long.toHexString(System.nanoTime());
    number = FleetFixture.freePort();
  }

  private Admin.Answer open(String tls) {
    return admin.post(
        "/api/v1/listeners",
        "{'name':'" + name + "','port':" + number + ",'kind':'enrol'," + tls + "}");
  }

  /** The server's chain, or an exception when no handshake is possible. */
  private X509Certificate[] handshake(String... groups) throws Exception {
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {new Anything()}, new SecureRandom());
    try (SSLSocket socket =
        (SSLSocket)
            context
                .getSocketFactory()
                .createSocket(
                    new Socket(InetAddress.getLoopbackAddress(), number),
                    "localhost",
                    number,
                    true)) {
      socket.setSoTimeout(20_000);
      if (groups.length > 0) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setAlgorithmConstraints(new GroupConstraints(List.of(groups)));
        socket.setSSLParameters(parameters);
      }
      socket.startHandshake();
      return (X509Certificate[]) socket.getSession().getPeerCertificates();
    }
  }

  private static final class Anything implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {
      throw new AssertionError();
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {
      // Looked at by the tests.
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  @Test
  void opensAndClosesWhileTheServiceRuns() throws Exception {
    open(TLS13).expect(201);
    assertThat(handshake()).hasSize(2);
    assertThat(admin.get("/api/v1/listeners").expect(200).text()).contains(name);
    admin.post("/api/v1/listeners/" + name + "/close", "{}").expect(200);
    assertThatThrownBy(this::handshake).isInstanceOf(ConnectException.class);
    assertThat(admin.get("/api/v1/listeners").expect(200).text()).doesNotContain(name);
    open(TLS13).expect(201);
    assertThatCode(this::handshake).doesNotThrowAnyException();
  }

  @Test
  void serverIsCertifiedByTheAuthorityThatDevicesPin() throws Exception {
    open(TLS13).expect(201);
    X509Certificate[] chain = handshake();
    X509Certificate authority =
        authorities.authority(AuthorityKind.SERVER, AuthorityKeyType.P_384).certificate();
    assertThat(chain[1]).isEqualTo(authority);
    chain[0].verify(authority.getPublicKey());
    assertThat(chain[0].getSubjectAlternativeNames().toString()).contains("localhost", "127.0.0.1");
    assertThat(chain[0].getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
  }

  @Test
  void onlyTheGroupsOfThePolicyAreSpoken() throws Exception {
    open(TLS13.replace("'serverKey'", "'groups':['secp384r1'],'serverKey'")).expect(201);
    assertThatCode(() -> handshake("secp384r1")).doesNotThrowAnyException();
    assertThatThrownBy(() -> handshake("x25519")).isInstanceOf(IOException.class);
    // A client that would rather use another group is asked for this one.
    assertThatCode(() -> handshake("x25519", "secp384r1")).doesNotThrowAnyException();
  }

  @Test
  void nameAndPortAreTakenOnce() {
    open(TLS13).expect(201);
    open(TLS13).expectProblem(409, "conflict");
    name = name + "x";
    open(TLS13).expectProblem(409, "conflict");
    assertThat(admin.get("/api/v1/listeners").text()).doesNotContain(name);
  }

  @Test
  void listenerThatIsNotThereCanNotBeClosed() {
    admin.post("/api/v1/listeners/" + name + "/close", "{}").expectProblem(404, "not-found");
  }

  @Test
  void policyThatNobodyCouldSpeakIsRefused() {
    open(TLS13.replace("p-384", "rsa-1024")).expectProblem(400, "bad-request");
    open(TLS13.replace("TLSv1.3", "SSLv3")).expectProblem(400, "bad-request");
  }
}
