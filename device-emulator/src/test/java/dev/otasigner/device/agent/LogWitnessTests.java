package dev.otasigner.device.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.testing.TestDevice;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.audit.AuditKey;
import dev.otasigner.verifier.audit.Checkpoint;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.tuf.TargetFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogWitnessTests {
  private static final Instant NOW = Instant.parse("2026-11-23T00:00:00Z");
  private static final String ORIGIN = "maker.example/log";
  private static final Digest ROOT = Digest.of("root".getBytes(StandardCharsets.UTF_8));
  private static final Digest OTHER = Digest.of("other".getBytes(StandardCharsets.UTF_8));

  private final KeyPair pair = generate();
  private final List<String> steps = new ArrayList<>();
  private final Listed catalogue = new Listed();
  private Flash flash = Flash.inMemory(TestDevice.LAYOUT);
  private Instant now = NOW;

  /** A catalogue that lists one checkpoint, or none, and counts how often it is asked for. */
  private static final class Listed implements LogWitness.Listing {
    private byte[] note = {};
    private Optional<AuditKey> key = Optional.empty();
    private int fetched;
    private boolean unreachable;

    @Override
    public Optional<TargetFile> find(String path) {
      assertThat(path).isEqualTo("audit/checkpoint");
      if (note.length == 0) {
        return Optional.empty();
      }
      TargetFile file = TargetFile.of(path, note);
      return Optional.of(
          key.isEmpty()
              ? file
              : file.withCustom(
                  Json.object().put("auditKey", key.get().key().spki().base64()).build()));
    }

    @Override
    public byte[] read(String path, int maxBytes) throws IOException {
      fetched++;
      if (unreachable) {
        throw new IOException("no server reached");
      }
      return note;
    }
  }

  @BeforeEach
  void blankChip() {
    flash = Flash.inMemory(TestDevice.LAYOUT);
  }

  private static KeyPair generate() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static AuditKey key(KeyPair pair) {
    try {
      return AuditKey.ofSpki(Bytes.copyOf(pair.getPublic().getEncoded()));
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void list(Checkpoint checkpoint, KeyPair signer) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(signer.getPrivate());
    signature.update(checkpoint.text());
    catalogue.note = checkpoint.note(key(signer), signature.sign());
    catalogue.key = Optional.of(key(signer));
  }

  private void list(long size) throws GeneralSecurityException {
    list(new Checkpoint(ORIGIN, size, ROOT), pair);
  }

  private AgentStore store() throws IOException {
    return AgentStore.open(flash.region(Region.AGENT));
  }

  private void look() throws IOException {
    new LogWitness(store(), (name, text) -> steps.add(name + ": " + text)).look(catalogue, now);
  }

  private void lookTomorrow() throws IOException {
    now = now.plus(Duration.ofDays(1));
    look();
  }

  private void holds(long size) throws Exception {
    byte[] note = store().logNote().orElseThrow();
    assertThat(Checkpoint.read(note, key(pair)).size()).isEqualTo(size);
  }

  private void refused(String code) throws IOException {
    assertThat(steps).last().asString().startsWith("audit: checkpoint refused, " + code);
    assertThat(store().logRefused())
        .hasValueSatisfying(why -> assertThat(why).contains(code).startsWith("2026-"));
  }

  @Test
  void theNewestCheckpointIsHeld() throws Exception {
    list(7);
    look();
    holds(7);
    list(9);
    lookTomorrow();
    holds(9);
    assertThat(steps).last().isEqualTo("audit: holds a checkpoint of 9 records");
  }

  @Test
  void aCatalogueWithoutACheckpointIsNoTrouble() throws Exception {
    look();
    assertThat(store().logNote()).isEmpty();
    assertThat(steps).isEmpty();
  }

  @Test
  void atMostOneIsFetchedADay() throws Exception {
    list(7);
    look();
    list(8);
    now = now.plus(Duration.ofDays(1)).minusSeconds(1);
    look();
    assertThat(catalogue.fetched).isEqualTo(1);
    holds(7);
    now = now.plusSeconds(1);
    look();
    assertThat(catalogue.fetched).isEqualTo(2);
    holds(8);
  }

  @Test
  void whatIsHeldIsNotFetchedAgain() throws Exception {
    list(7);
    look();
    lookTomorrow();
    assertThat(catalogue.fetched).isEqualTo(1);
  }

  @Test
  void anOlderOneIsRefused() throws Exception {
    list(7);
    look();
    list(6);
    lookTomorrow();
    refused("metadata-rolled-back");
    holds(7);
  }

  @Test
  void anotherLogOfTheSameSizeIsRefused() throws Exception {
    list(7);
    look();
    list(new Checkpoint(ORIGIN, 7, OTHER), pair);
    lookTomorrow();
    refused("metadata-digest-mismatch");
    holds(7);
  }

  @Test
  void oneByAnotherKeyThanTheFirstIsRefused() throws Exception {
    list(7);
    look();
    list(new Checkpoint(ORIGIN, 9, ROOT), generate());
    lookTomorrow();
    refused("unknown-key");
    holds(7);
  }

  /** What the catalogue says of the key later is not asked. */
  @Test
  void theFirstKeyIsKeptThoughTheCatalogueNamesNone() throws Exception {
    list(7);
    look();
    list(9);
    catalogue.key = Optional.empty();
    lookTomorrow();
    holds(9);
  }

  @Test
  void oneOfAnotherLogIsRefused() throws Exception {
    list(7);
    look();
    list(new Checkpoint("another.example/log", 9, ROOT), pair);
    lookTomorrow();
    refused("malformed");
    holds(7);
  }

  @Test
  void oneThatIsNotSignedIsRefused() throws Exception {
    list(7);
    catalogue.note = new Checkpoint(ORIGIN, 7, ROOT).text();
    look();
    refused("malformed");
    assertThat(store().logNote()).isEmpty();
  }

  @Test
  void oneWithoutAKeyIsRefused() throws Exception {
    list(7);
    catalogue.key = Optional.empty();
    look();
    refused("unknown-key");
    assertThat(store().logNote()).isEmpty();
  }

  @Test
  void aRefusalIsForgottenWithTheNextGoodOne() throws Exception {
    list(7);
    look();
    list(6);
    lookTomorrow();
    list(9);
    lookTomorrow();
    assertThat(store().logRefused()).isEmpty();
    holds(9);
  }

  @Test
  void anUnreachableServerKeepsNoUpdateAway() throws Exception {
    list(7);
    catalogue.unreachable = true;
    look();
    assertThat(steps).last().isEqualTo("audit: checkpoint not fetched: no server reached");
  }
}
