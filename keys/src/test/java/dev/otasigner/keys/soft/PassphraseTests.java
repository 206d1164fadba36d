package dev.otasigner.keys.soft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@SuppressWarnings("NullAway.Init")
class PassphraseTests {
  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("passphrase");
  }

  private void write(String text, String permissions) throws IOException {
    Files.writeString(file, text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  private static String text(Passphrase passphrase) {
    return new String(passphrase.utf8(), StandardCharsets.UTF_8);
  }

  @Test
  void theFirstLineOfAFileIsThePassphrase() throws IOException {
    write("grün und gut\r\nnot this\n", "rw-------");
    assertThat(text(Passphrase.ofFile(file))).isEqualTo("grün und gut");
    assertThat(Passphrase.ofFile(file).characters()).isEqualTo("grün und gut".toCharArray());
  }

  @Test
  void aFileThatOthersReadIsRefused() throws IOException {
    write("secret\n", "rw-r-----");
    assertThatThrownBy(() -> Passphrase.ofFile(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("chmod 600")
        .hasMessageNotContaining("secret");
  }

  @Test
  void anEmptyFirstLineIsRefused() throws IOException {
    write("\nsecret\n", "rw-------");
    assertThatThrownBy(() -> Passphrase.ofFile(file)).hasMessageContaining("empty");
  }

  @Test
  void anEnvironmentVariableThatIsNotSetIsRefused() throws IOException {
    assertThat(text(Passphrase.ofEnvironment(Map.of("P", "secret"), "P"))).isEqualTo("secret");
    assertThatThrownBy(() -> Passphrase.ofEnvironment(Map.of(), "P")).hasMessageContaining("P");
    assertThatThrownBy(() -> Passphrase.ofEnvironment(Map.of("P", ""), "P"))
        .hasMessageContaining("P");
  }

  @Test
  void whatWasTypedIsWiped() {
    char[] typed = "secret €".toCharArray();
    assertThat(text(Passphrase.ofPrompt(typed))).isEqualTo("secret €");
    assertThat(typed).containsOnly('\0');
  }

  @Test
  void aClosedPassphraseIsWiped() {
    Passphrase passphrase = Passphrase.ofPrompt("secret".toCharArray());
    passphrase.close();
    assertThat(passphrase.utf8()).containsOnly(0);
  }

  @Test
  void aGeneratedFileIsRandomAndNeverWrittenOver() throws IOException {
    Passphrase.generateFile(file);
    String first = text(Passphrase.ofFile(file));
    assertThat(first).hasSize(43);
    assertThatThrownBy(() -> Passphrase.generateFile(file))
        .isInstanceOf(FileAlreadyExistsException.class);
    Files.delete(file);
    Passphrase.generateFile(file);
    assertThat(text(Passphrase.ofFile(file))).isNotEqualTo(first);
  }
}
