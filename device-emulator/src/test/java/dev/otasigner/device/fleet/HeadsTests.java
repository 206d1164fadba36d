package dev.otasigner.device.fleet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.testing.TestFleet;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeadsTests {
  private static final Instant TODAY = Instant.parse("2026-06-01T00:00:00Z");
  private static final String OLD = "/router/first/targets/stable/gw-1/aa.head.json";
  private static final String NEW = "/router/second/targets/stable/gw-1/bb.head.json";

  private final Heads heads = new Heads();

  @Test
  void theHeadIsTheNewestOfAllLineages() throws RejectedException {
    see(OLD, TODAY, candidate("35.0", true, 1000), candidate("34.0", false, 1000));
    see(NEW, TODAY, candidate("36.0", false, 1000));
    assertThat(heads.of("stable", "gw-1", "d-1")).contains(TestFleet.version("36.0"));
    assertThat(heads.of("beta", "gw-1", "d-1")).isEmpty();
    assertThat(heads.of("stable", "gw-2", "d-1")).isEmpty();
  }

  @Test
  void aBridgeIsNoPlaceToStay() throws RejectedException {
    see(OLD, TODAY, candidate("35.0", true, 1000), candidate("34.0", false, 1000));
    assertThat(heads.of("stable", "gw-1", "d-1")).contains(TestFleet.version("34.0"));
  }

  @Test
  void aBuildWhoseTurnHasNotComeIsNotMissed() throws RejectedException {
    see(OLD, TODAY, candidate("35.0", false, 0), candidate("34.0", false, 1000));
    assertThat(heads.of("stable", "gw-1", "d-1")).contains(TestFleet.version("34.0"));
  }

  @Test
  void anOlderHeadFileDoesNotTakeThePlaceOfANewerOne() throws RejectedException {
    see(OLD, TODAY, candidate("35.0", false, 1000));
    see(OLD.replace("aa", "ab"), TODAY.minusSeconds(1), candidate("36.0", false, 1000));
    assertThat(heads.of("stable", "gw-1", "d-1")).contains(TestFleet.version("35.0"));
    see(OLD.replace("aa", "ac"), TODAY.plusSeconds(1), candidate("34.0", false, 1000));
    assertThat(heads.of("stable", "gw-1", "d-1")).contains(TestFleet.version("34.0"));
  }

  private void see(String path, Instant issued, Head.Candidate... candidates)
      throws RejectedException {
    Heads.Seen seen = new Heads.Seen();
    seen.see(
        path, new Head("stable", "gw-1", issued, List.of(candidates)).toJson().canonicalBytes());
    heads.accept(seen);
  }

  private static Head.Candidate candidate(String version, boolean bridge, int share) {
    return new Head.Candidate(
        TestFleet.version(version),
        1,
        "stable/gw-1/x.manifest",
        List.of(),
        List.of(),
        bridge,
        Bytes.copyOf(new byte[8]),
        share,
        List.of(),
        List.of());
  }
}
