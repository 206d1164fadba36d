package dev.otasigner.verifier.manifest;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTests {
  private static final String DIGEST =
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  private static final String VARIANT =
      String.format(
          Locale.ROOT,
          """
      {"name":"rsa","length":4097,"sha256":"%s","suite":"rsa-pss-2048-sha256","hash":"sha256",
       "pure":false,"anchors":["%s"]}""",
          DIGEST,
          DIGEST);
  private static final String ANCHOR =
      new String(
          TestKey.of(SignatureSuite.ECDSA_P384_SHA384).bootAnchor().toJson().canonicalBytes(),
          UTF_8);
  private static final String WHOLE =
      String.format(
          Locale.ROOT,
          """
      {"schema":1,"critical":[],"product":"router","hardware":[{"id":"gw-1","revisions":["a"]}],
       "version":"34.0.0+0","securityCounter":4294967295,"format":"mcuboot",
       "built":"2026-06-01T00:00:00Z","variants":[%s],"profile":"%s",
       "from":[{"min":"33.0.0+0","max":"33.255.0+0"}],
       "requires":[{"component":"modem","min":"2.1.0+0"}],
       "bootloader":{"id":"boot-2","length":900,"sha256":"%s","anchors":[%s]}}""",
          VARIANT,
          DIGEST,
          DIGEST,
          ANCHOR);

  private static Manifest read(String json) throws RejectedException {
    return Manifest.read(json.getBytes(UTF_8));
  }

  private static RejectedException refused(Reason reason, String from, String to) {
    assertThat(WHOLE).contains(from);
    return assertRefused(reason, () -> read(WHOLE.replace(from, to)));
  }

  @Test
  void aManifestReadsBackAsItWasWritten() throws Exception {
    Manifest manifest = read(WHOLE);
    assertThat(Manifest.read(manifest.toJson().canonicalBytes())).isEqualTo(manifest);
    assertThat(manifest.securityCounter()).isEqualTo(4294967295L);
    assertThat(manifest.variants()).hasSize(1);
    assertThat(manifest.bootloader()).isPresent();
  }

  @Test
  void aManifestNeedNotBringABootloader() throws Exception {
    assertThat(read(WHOLE.replace("\"bootloader\":", "\"kernel\":")).bootloader()).isEmpty();
  }

  @Test
  void anUnknownCriticalNameIsRefused() {
    refused(Reason.UNSUPPORTED_CRITICAL, "\"critical\":[]", "\"critical\":[\"geofence\"]");
  }

  @Test
  void anUnknownFieldIsIgnored() throws Exception {
    assertThat(read(WHOLE.replace("{\"schema\":1", "{\"geofence\":7,\"schema\":1")))
        .isEqualTo(read(WHOLE));
  }

  @Test
  void anotherSchemaIsRefused() {
    refused(Reason.UNSUPPORTED_VERSION, "\"schema\":1", "\"schema\":2");
  }

  @Test
  void aFieldThatStandsTwiceIsRefused() {
    refused(Reason.MALFORMED, "\"product\":\"router\"", "\"product\":\"router\",\"product\":\"x\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "schema",
        "critical",
        "product",
        "hardware",
        "version",
        "securityCounter",
        "format",
        "built",
        "variants",
        "profile",
        "from",
        "requires"
      })
  void aFieldThatIsMissingIsRefused(String field) {
    refused(Reason.MALFORMED, "\"" + field + "\":", "\"no-" + field + "\":");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"securityCounter\":4294967295|\"securityCounter\":4294967296",
        "\"securityCounter\":4294967295|\"securityCounter\":-1",
        "\"securityCounter\":4294967295|\"securityCounter\":\"7\"",
        "\"format\":\"mcuboot\"|\"format\":\"MCUBOOT\"",
        "\"length\":4097|\"length\":0",
        "\"length\":900|\"length\":-900",
        "\"34.0.0+0\"|\"34.0\"",
        "\"product\":\"router\"|\"product\":\"Router\"",
        "\"pure\":false|\"pure\":\"false\"",
        "\"2026-06-01T00:00:00Z\"|\"2026-06-01\""
      })
  void aValueOutOfItsRangeOrFormIsRefused(String from, String to) {
    refused(Reason.MALFORMED, from, to);
  }

  @Test
  void aManifestForNoHardwareOrWithoutAnImageIsRefused() {
    assertThat(refused(Reason.MALFORMED, "[{\"id\":\"gw-1\",\"revisions\":[\"a\"]}]", "[]"))
        .hasMessageContaining("hardware");
    assertThat(refused(Reason.MALFORMED, "[" + VARIANT + "]", "[]"))
        .hasMessageContaining("variants");
  }

  @Test
  void aVariantThatStandsTwiceIsRefused() {
    refused(Reason.MALFORMED, VARIANT, VARIANT + "," + VARIANT);
  }

  @Test
  void aVariantUnderTheNameOfTheBootloaderComponentIsRefused() {
    refused(Reason.MALFORMED, "\"name\":\"rsa\"", "\"name\":\"bootloader\"");
  }

  @Test
  void aVariantOfANewerRegistryIsPassedOverAndKeepsItsName() throws Exception {
    String newer = VARIANT.replace("rsa-pss-2048-sha256", "ml-dsa-1024");
    Manifest manifest = read(WHOLE.replace(VARIANT, newer.replace("rsa", "x") + "," + VARIANT));
    assertThat(manifest.variants()).extracting(Manifest.Variant::name).containsExactly("rsa");
    refused(Reason.MALFORMED, VARIANT, newer + "," + VARIANT);
  }

  @Test
  void aManifestWhoseVariantsAreAllOfANewerRegistryIsRefused() {
    refused(Reason.UNSUPPORTED_ALGORITHM, "rsa-pss-2048-sha256", "ml-dsa-1024");
    refused(Reason.UNSUPPORTED_ALGORITHM, "\"hash\":\"sha256\"", "\"hash\":\"sha3-256\"");
  }

  @Test
  void moreVariantsThanTheLimitAreRefused() {
    StringBuilder many = new StringBuilder(VARIANT);
    for (int i = 0; i < 32; i++) {
      many.append(',').append(VARIANT.replace("\"rsa\"", "\"v" + i + "\""));
    }
    refused(Reason.LIMIT_EXCEEDED, VARIANT, many.toString());
  }

  @Test
  void aBootloaderAnchorThatNoBootloaderCanHaveIsRefused() {
    refused(Reason.UNSUPPORTED_ALGORITHM, "\"hash\":\"sha384\"", "\"hash\":\"sha256\"");
  }

  @Test
  void aManifestOverItsLimitIsRefused() {
    assertRefused(Reason.LIMIT_EXCEEDED, () -> Manifest.read(new byte[Manifest.MAX_BYTES + 1]));
  }
}
