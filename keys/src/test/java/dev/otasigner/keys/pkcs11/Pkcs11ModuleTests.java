package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which token a URI means, on SoftHSM with the tokens test, twin, twin and lost. */
@SuppressWarnings("NullAway.Init")
class Pkcs11ModuleTests {
  private Pkcs11Module test;

  @BeforeEach
  void tokens() throws Exception {
    test = SoftHsm.emptyToken();
  }

  private Pkcs11Module of(String path) {
    return Pkcs11Module.of(Pkcs11Uri.parse("pkcs11:" + path + "?module-path=" + test.library()));
  }

  private SlotToken tokenIn(Pkcs11Module module) throws CryptokiException {
    return JdkCryptoki.load(module.library()).token(module.slotId().orElseThrow());
  }

  @Test
  void aTokenIsFoundByItsLabel() {
    assertThat(of("token=test")).isEqualTo(test);
  }

  @Test
  void aTokenIsFoundByItsSerialNumber() throws Exception {
    String serial = tokenIn(test).serial();
    assertThat(serial).isNotEmpty();
    assertThat(of("serial=" + serial)).isEqualTo(test);
  }

  @Test
  void aTokenIsFoundByItsSlot() {
    assertThat(of("slot-id=" + test.slotId().orElseThrow())).isEqualTo(test);
  }

  @Test
  void everyConditionMustBeMet() {
    assertThat(of("token=test;manufacturer=SoftHSM%20project;model=SoftHSM%20v2")).isEqualTo(test);
    for (String other : new String[] {"model=v3", "manufacturer=other", "serial=0", "slot-id=1"}) {
      assertThatThrownBy(() -> of("token=test;" + other))
          .isInstanceOf(TokenUnavailable.class)
          .hasMessageContaining("no token fits pkcs11:token=test;");
    }
  }

  @Test
  void aTokenThatIsNotThereIsSaidToBeMissingBesideThoseThatAre() {
    assertThatThrownBy(() -> of("token=fleet"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("no token fits pkcs11:token=fleet?module-path=")
        .hasMessageContaining("'test' (serial ");
  }

  @Test
  void twoTokensThatFitAreNotChosenBetween() {
    assertThatThrownBy(() -> of("token=twin"))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("2 tokens fit pkcs11:token=twin")
        .hasMessageContaining("such as serial");
  }

  @Test
  void aSlotWithoutATokenDoesNotCount() throws Exception {
    assertThat(JdkCryptoki.load(test.library()).tokens())
        .extracting(SlotToken::label)
        .contains("test", "twin")
        .doesNotContain("");
  }

  @Test
  void aModuleThatIsNotThereIsSaidToBeMissing() {
    assertThatThrownBy(
            () -> Pkcs11Module.of(Pkcs11Uri.parse("pkcs11:token=t?module-path=/nowhere/lib.so")))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("/nowhere/lib.so: no such PKCS#11 module");
  }

  @Test
  void aFileThatIsNoModuleIsRefused(@TempDir Path directory) throws Exception {
    Path text = Files.writeString(directory.resolve("lib.so"), "no library");
    assertThatThrownBy(() -> Pkcs11Module.of(Pkcs11Uri.parse("pkcs11:token=t?module-path=" + text)))
        .isInstanceOf(TokenUnavailable.class)
        .hasMessageContaining("not a PKCS#11 module that can be loaded");
  }

  @Test
  void aUriWithoutAModuleIsRefused() {
    assertThatThrownBy(() -> Pkcs11Module.of(Pkcs11Uri.parse("pkcs11:token=test")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("?module-path=");
  }

  /** What a program does that was started as any other. */
  static final class Unprepared {
    private Unprepared() {}

    public static void main(String[] arguments) {
      Pkcs11Module.of(Pkcs11Uri.parse(arguments[0]));
    }
  }

  @Test
  void aJvmThatWasNotStartedForItSaysHow() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Unprepared.class.getName(),
                "pkcs11:token=test?module-path=" + test.library())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isNotZero();
    assertThat(said).contains("java to be started with " + Pkcs11Module.JVM_OPTION);
  }
}
