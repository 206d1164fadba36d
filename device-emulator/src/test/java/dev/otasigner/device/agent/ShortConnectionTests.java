package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.device.agent.UpdateOutcome.Installed;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that each bring less than a sector of the chip, or less than two. */
class ShortConnectionTests extends UpdateBench {
  private static final int LARGE_SECTOR = 64 * 1024;

  private TestDevice largeSectors() {
    Made old = build("33.0").make();
    return TestDevice.at(
        FlashLayout.of(8, (byte) 0xff, TestFleet.SLOT_BYTES, LARGE_SECTOR),
        TestFleet.factoryBootloader(),
        ClockClass.NONE,
        old,
        service.rootBytes("first"),
        service.rsaIdentity(KEYS));
  }

  private void offer() {
    service.release("first", build("34.0").payload(120_000).make());
  }

  @ParameterizedTest
  @ValueSource(ints = {100 * 1024, 10 * 1024})
  void oneStartGoesOnFromWhatEachOfThemBrought(int bytes) throws IOException {
    offer();
    service.breakDownloadsAfter(bytes);
    assertThat(largeSectors().update(service.dialling())).isInstanceOf(Installed.class);
    for (int i = 0; i < service.downloadOffsets().size(); i++) {
      assertThat(service.downloadOffsets().get(i)).isEqualTo((long) i * bytes);
    }
    assertThat(service.downloadOffsets()).hasSizeGreaterThan(120_000 / bytes);
  }

  /** Each start has one such connection, and then none. */
  @ParameterizedTest
  @CsvSource({"102400, 2", "10240, 20", "5000, 60"})
  void everyStartGoesOnFromTheOneBefore(int bytes, int startsAtMost) throws IOException {
    offer();
    TestDevice device = largeSectors();
    int starts = 0;
    boolean isDone = false;
    while (!isDone && starts <= startsAtMost) {
      starts++;
      try {
        isDone = device.update(oneDownloadOf(bytes)) instanceof Installed;
      } catch (IOException e) {
        assertThat(e).hasMessage("the connection broke");
      }
    }
    assertThat(isDone).as("installed after %s starts", starts).isTrue();
    assertThat(starts).isGreaterThan(1);
  }

  @Test
  void connectionThatBringsLessThanAWriteMakesNoProgressAndEnds() throws IOException {
    offer();
    TestDevice device = largeSectors();
    service.breakDownloadsAfter(7);
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> device.update(service.dialling()))
          .hasMessage("the connection broke");
    }
    assertThat(service.downloadOffsets()).hasSize(6).containsOnly(0L);
  }

  private Server.Dialling oneDownloadOf(int bytes) {
    return (profile, identity, now, runs) ->
        new OneDownload(service.dialling().under(profile, identity, now, runs), bytes);
  }

  /** A server that breaks the first download off after so much, and every other at once. */
  private final class OneDownload implements Server {
    private final Server server;
    private int left;

    OneDownload(Server server, int left) {
      this.server = server;
      this.left = left;
    }

    @Override
    public byte[] get(String path, long maxBytes) throws IOException {
      return server.get(path, maxBytes);
    }

    @Override
    public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
        throws IOException {
      return server.post(path, json, expectedStatus, maxBytes);
    }

    @Override
    public Download download(String path, long offset) throws IOException {
      service.breakDownloadsAfter(left);
      left = 0;
      return server.download(path, offset);
    }

    @Override
    public Optional<Negotiated> negotiated() {
      return server.negotiated();
    }

    @Override
    public Optional<Instant> date() {
      return server.date();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
