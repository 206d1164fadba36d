package dev.otasigner.device.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.device.testing.TestAuthority;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class FleetCredentialsTests {
  private static final KeyPair OTHER = TestAuthority.p384Keys();

  @Test
  void secretsAreReadByDevice() throws IOException {
    FleetCredentials secrets = FleetCredentials.secrets("# made today\n\na-1, otd_x\na-2,otd_y\n");
    assertThat(secrets.of("a-2", ClientKeyType.P_256))
        .isEqualTo(new Credential.OneTimeSecret("otd_y"));
    assertThat(secrets.isFor("a-1")).isTrue();
    assertThat(secrets.isFor("a-3")).isFalse();
    assertThatThrownBy(() -> secrets.of("a-3", ClientKeyType.P_256)).hasMessageContaining("a-3");
  }

  @Test
  void aLineThatIsNoSecretIsNamedAndNotQuoted() {
    assertThatThrownBy(() -> FleetCredentials.secrets("a-1,otd_x\notd_lonely\n"))
        .hasMessageContaining("line 2")
        .hasMessageNotContaining("lonely");
    assertThatThrownBy(() -> FleetCredentials.secrets("a-1,two words\n"))
        .hasMessageContaining("line 1")
        .hasMessageNotContaining("words");
  }

  @Test
  void aSecondSecretForADeviceIsRefused() {
    assertThatThrownBy(() -> FleetCredentials.secrets("a-1,x\na-1,y\n"))
        .hasMessageContaining("line 2: a second secret for a-1");
  }

  @Test
  void secretsAreNotTold() throws IOException {
    assertThat(FleetCredentials.secrets("a-1,otd_x\n")).asString().doesNotContain("otd_x");
  }

  @Test
  void theFactoryCertifiesAFreshKeyForTheDevice() throws Exception {
    TestAuthority plant = TestAuthority.p384();
    FleetCredentials factory =
        FleetCredentials.factory(
            TestAuthority.pem(plant.certificate()), pem(plant), Clock.systemUTC());
    Credential born = factory.of("a-1", ClientKeyType.RSA_2048);
    KeyPair keys = born.bornKey(ClientKeyType.RSA_2048).orElseThrow();
    Fields request = new Fields(born.addTo(Json.object()).build(), "");
    X509Certificate leaf = IssuedCertificate.certificates(request.string("factoryCert")).get(0);
    leaf.verify(plant.certificate().getPublicKey());
    leaf.checkValidity();
    assertThat(leaf.getPublicKey()).isEqualTo(keys.getPublic());
    assertThat(leaf.getSubjectX500Principal().getName()).isEqualTo("CN=a-1");
    assertThat(leaf.getBasicConstraints()).isNegative();
    assertThat(factory.of("a-1", ClientKeyType.RSA_2048).bornKey(ClientKeyType.RSA_2048))
        .get()
        .isNotEqualTo(keys);
  }

  @Test
  void aKeyOfAnotherAuthorityIsRefused() {
    TestAuthority plant = TestAuthority.p384();
    assertThatThrownBy(
            () ->
                FleetCredentials.factory(
                    TestAuthority.pem(plant.certificate()), pem(OTHER), Clock.systemUTC()))
        .hasMessage("the private key is not the certificate's");
  }

  @Test
  void aCertificateOfNoAuthorityIsRefused() {
    TestAuthority plant = TestAuthority.p384();
    String device = TestAuthority.pem(plant.device(OTHER.getPublic(), "a-1"));
    assertThatThrownBy(() -> FleetCredentials.factory(device, pem(OTHER), Clock.systemUTC()))
        .hasMessageContaining("certificate of an authority");
  }

  private static String pem(TestAuthority authority) {
    return pem(authority.keys());
  }

  private static String pem(KeyPair keys) {
    return "-----BEGIN PRIVATE KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(keys.getPrivate().getEncoded())
        + "\n-----END PRIVATE KEY-----\n";
  }
}
