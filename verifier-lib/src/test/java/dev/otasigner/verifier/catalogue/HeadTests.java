package dev.otasigner.verifier.catalogue;

import static dev.otasigner.verifier.testing.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head.Candidate;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadTests {
  private static final String VARIANT =
      """
      {"name":"rsa","path":"stable/gw/2.0.0+0.rsa.img","format":"mcuboot",
       "suite":"rsa-pss-2048-sha256","hash":"sha256","pure":false,"anchors":[]}""";

  private static String candidate(String version, String variants) {
    return String.format(
        Locale.ROOT,
        """
        {"version":"%s","securityCounter":7,"manifest":"stable/gw/%s.manifest","from":[],
         "variants":[%s],"bridge":false,"salt":"0011223344556677","sharePerMille":1000}""",
        version,
        version,
        variants);
  }

  private static Head read(String... candidates) throws RejectedException {
    String json =
        String.format(
            Locale.ROOT,
            """
        {"schema":1,"channel":"stable","hardware":"gw","issued":"2026-11-22T09:30:00Z",
         "candidates":[%s]}""",
            String.join(",", candidates));
    return Head.read(json.getBytes(UTF_8));
  }

  private static Candidate share(int perMille, boolean bridge, List<Digest> hold, List<Digest> test)
      throws RejectedException {
    return new Candidate(
        new ImageVersion(2, 0, 0, 0),
        7,
        "m",
        List.of(),
        List.of(),
        bridge,
        Bytes.ofHex("0011223344556677"),
        perMille,
        hold,
        test);
  }

  @Test
  void aHeadReadsBackAsItWasWritten() throws Exception {
    Head head = read(candidate("2.0.0+0", VARIANT), candidate("1.0.0+0", ""));
    assertThat(Head.read(head.toJson().canonicalBytes())).isEqualTo(head);
    assertThat(head.candidates()).hasSize(2);
    assertThat(head.candidates().get(0).variants()).hasSize(1);
  }

  @Test
  void heldAndTestDevicesAreReadBack() throws Exception {
    Digest held = Head.mark(Bytes.ofHex("0011223344556677"), "gw-0001");
    Digest first = Head.mark(Bytes.ofHex("0011223344556677"), "gw-0002");
    Head head =
        new Head(
            "stable", "gw", Instant.EPOCH, List.of(share(7, false, List.of(held), List.of(first))));
    Head read = Head.read(head.toJson().canonicalBytes());
    assertThat(read).isEqualTo(head);
    assertThat(read.candidates().get(0).hold()).containsExactly(held);
    assertThat(read.candidates().get(0).test()).containsExactly(first);
    assertThat(new String(head.toJson().canonicalBytes(), UTF_8)).contains("\"hold\"", "\"test\"");
    Head nobody =
        new Head("stable", "gw", Instant.EPOCH, List.of(share(7, false, List.of(), List.of())));
    assertThat(new String(nobody.toJson().canonicalBytes(), UTF_8))
        .doesNotContain("\"hold\"")
        .doesNotContain("\"test\"");
  }

  @Test
  void anotherSchemaIsRefused() throws Exception {
    String two =
        new String(read().toJson().canonicalBytes(), UTF_8).replace("\"schema\":1", "\"schema\":2");
    assertRefused(Reason.UNSUPPORTED_VERSION, () -> Head.read(two.getBytes(UTF_8)));
  }

  @Test
  void anUnknownCriticalNameIsRefused() throws Exception {
    String critical =
        new String(read().toJson().canonicalBytes(), UTF_8)
            .replace("\"schema\":1", "\"critical\":[\"geofence\"],\"schema\":1");
    assertRefused(Reason.UNSUPPORTED_CRITICAL, () -> Head.read(critical.getBytes(UTF_8)));
  }

  @Test
  void aVariantOfANewerRegistryIsPassedOver() throws Exception {
    Head head =
        read(
            candidate(
                "2.0.0+0",
                VARIANT.replace("rsa-pss-2048-sha256", "ml-dsa-1024")
                    + ","
                    + VARIANT.replace("\"sha256\"", "\"sha3-256\"")
                    + ","
                    + VARIANT.replace("mcuboot", "suit")
                    + ","
                    + VARIANT));
    assertThat(head.candidates().get(0).variants()).hasSize(1);
  }

  @Test
  void candidatesThatAreNotNewestFirstAreRefused() {
    assertRefused(Reason.MALFORMED, () -> read(candidate("1.0.0+0", ""), candidate("2.0.0+0", "")));
  }

  @Test
  void aVersionThatStandsTwiceIsRefused() {
    assertRefused(Reason.MALFORMED, () -> read(candidate("2.0.0+0", ""), candidate("2.0.0+0", "")));
  }

  @Test
  void aSaltOfAnotherLengthIsRefused() {
    assertRefused(
        Reason.MALFORMED,
        () -> read(candidate("2.0.0+0", "").replace("0011223344556677", "00112233445566")));
    assertRefused(
        Reason.LIMIT_EXCEEDED,
        () -> read(candidate("2.0.0+0", "").replace("0011223344556677", "001122334455667788")));
  }

  @Test
  void aShareOverOneThousandIsRefused() {
    assertRefused(
        Reason.MALFORMED, () -> read(candidate("2.0.0+0", "").replace(":1000}", ":1001}")));
  }

  /**
   * Computed once, away from this code: {@code printf '\x00\x11\x22\x33\x44\x55\x66\x77gw-0001' |
   * openssl dgst -sha256}, and the first eight bytes modulo 1000 in Python.
   */
  @ParameterizedTest
  @CsvSource({
    "gw-0001, 5fcf2cb66b05f84e32e5387c183d77dd816d4cb9ec1059985ec13c61a710ab78, 86",
    "gw-0002, 0de8163f99b41838967ded40a874f8a7cb8c04a4c8953a67c27e6e5fb4e2f4b4, 808",
    "gerät-7, 10bd048bbd1dd91aa4071bb351ba0c7c74ec631cf640e6be6bdd97a4b44eb9ce, 154",
    "'', d1a5f998fa6ed82da6943127533b412f2286b30c8473a819f70a8fec5913fea7, 381",
    "d1, ff39c5f094d1d79b5060d458688b0bf0f21983ffd262a9c68291a94489097c86, 171",
    "d230, aa2d7c5cb28d9faf32578954908b61597bbf99620fef6a92965027605a9bd665, 999",
    "d485, 1ef5261de02b87883fde8c5f244b7ad6f13177834582b9b188729bc86a57baac, 0"
  })
  void theShareIsTheOneComputedByOthers(String device, String mark, int place) throws Exception {
    assertThat(Head.mark(Bytes.ofHex("0011223344556677"), device).hex()).isEqualTo(mark);
    assertThat(share(place, false, List.of(), List.of()).isInShare(device)).isFalse();
    assertThat(share(place + 1, false, List.of(), List.of()).isInShare(device)).isTrue();
  }

  @Test
  void aShareOfZeroHoldsNobodyAndOneOfAThousandHoldsAll() throws Exception {
    assertThat(share(0, false, List.of(), List.of()).isInShare("d485")).isFalse();
    assertThat(share(1000, false, List.of(), List.of()).isInShare("d230")).isTrue();
  }

  @Test
  void aBridgeIgnoresTheShareButNotTheHold() throws Exception {
    Digest mark = Head.mark(Bytes.ofHex("0011223344556677"), "gw-0002");
    assertThat(share(0, true, List.of(), List.of()).isInShare("gw-0002")).isTrue();
    assertThat(share(1000, true, List.of(mark), List.of()).isInShare("gw-0002")).isFalse();
  }

  @Test
  void testDevicesGoFirstAndHeldDevicesWait() throws Exception {
    Digest mark = Head.mark(Bytes.ofHex("0011223344556677"), "gw-0002");
    assertThat(share(0, false, List.of(), List.of(mark)).isInShare("gw-0002")).isTrue();
    assertThat(share(0, false, List.of(), List.of(mark)).isInShare("gw-0001")).isFalse();
    assertThat(share(1000, false, List.of(mark), List.of()).isInShare("gw-0002")).isFalse();
    assertThat(share(1000, false, List.of(mark), List.of(mark)).isInShare("gw-0002")).isFalse();
  }
}
