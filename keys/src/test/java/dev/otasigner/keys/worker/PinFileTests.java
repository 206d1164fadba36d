package dev.otasigner.keys.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.soft.Passphrase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class PinFileTests {
  private static final String RIGHT = "246810";

  @TempDir Path directory;
  private PinFile pin;
  private int tries;

  @BeforeEach
  void write() throws IOException {
    write(RIGHT);
    pin = new PinFile(directory, directory.resolve("pin"), Disk.REAL);
  }

  private void write(String text) throws IOException {
    DurableFile.replace(directory.resolve("pin"), text.getBytes(StandardCharsets.UTF_8));
  }

  private Token login(Passphrase passphrase) {
    tries++;
    if (!new String(passphrase.characters()).equals(RIGHT)) {
      throw new PinRefused("wrong");
    }
    return new FakeToken();
  }

  @Test
  void anAcceptedPinIsTriedAtEveryStart() {
    pin.open(this::login);
    pin.open(this::login);
    assertThat(tries).isEqualTo(2);
  }

  @Test
  void aRefusedPinIsTriedAgainOnlyWhenItsFileHasChanged() throws IOException {
    write("999999");
    assertThatThrownBy(() -> pin.open(this::login)).isInstanceOf(PinRefused.class);
    assertThatThrownBy(() -> pin.open(this::login))
        .isInstanceOf(PinRefused.class)
        .hasMessageContaining("not tried again before the file has changed");
    assertThat(tries).isEqualTo(1);
    write(RIGHT);
    pin.open(this::login);
    assertThat(tries).isEqualTo(2);
  }

  /** Nobody knows what it said of the PIN; a person decides. */
  @Test
  void aDamagedMemoryRefusesRatherThanTriesThePin() throws IOException {
    pin.open(this::login);
    DurableFile.replace(directory.resolve(PinFile.STATE), new byte[] {'{'});
    assertThatThrownBy(() -> pin.open(this::login))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("delete it to try the PIN");
    assertThat(tries).isEqualTo(1);
  }

  @Test
  void aPinThatOnceWasAcceptedIsNotTriedAgainOnceItIsRefused() {
    pin.open(this::login);
    assertThatThrownBy(
            () ->
                pin.open(
                    passphrase -> {
                      throw new PinRefused("changed on the token");
                    }))
        .isInstanceOf(PinRefused.class);
    assertThatThrownBy(() -> pin.open(this::login)).isInstanceOf(PinRefused.class);
    assertThat(tries).isEqualTo(1);
  }

  @Test
  void aProcessThatDiedWhileItTriedHasHadItsTry() {
    assertThatThrownBy(
            () ->
                pin.open(
                    passphrase -> {
                      throw new StackOverflowError("as good as a kill");
                    }))
        .isInstanceOf(StackOverflowError.class);
    assertThatThrownBy(() -> pin.open(this::login))
        .isInstanceOf(PinRefused.class)
        .hasMessageContaining("nobody knows whether the module took this PIN");
    assertThat(tries).isZero();
  }

  @Test
  void aTokenThatIsAwayHasNotRefusedThePin() {
    assertThatThrownBy(
            () ->
                pin.open(
                    passphrase -> {
                      throw new TokenUnavailable("away");
                    }))
        .isInstanceOf(TokenUnavailable.class);
    pin.open(this::login);
    assertThat(tries).isEqualTo(1);
  }

  @Test
  void thePinIsNotInItsMemory() throws IOException {
    pin.open(this::login);
    assertThat(Files.readString(directory.resolve(PinFile.STATE))).doesNotContain(RIGHT);
  }

  @Test
  void aPinThatOthersMayReadIsNotTried() throws IOException {
    Files.setPosixFilePermissions(
        directory.resolve("pin"),
        java.nio.file.attribute.PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> pin.open(this::login))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("chmod 600");
    assertThat(tries).isZero();
  }
}
