package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Bytes;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

class Pkcs11UriTests {
  private static AbstractThrowableAssert<?, ?> refused(String uri) {
    return assertThatThrownBy(() -> Pkcs11Uri.parse(uri))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("not a PKCS#11 URI that is understood: ");
  }

  @Test
  void everyAttributeIsRead() {
    Pkcs11Uri uri =
        Pkcs11Uri.parse(
            "pkcs11:token=my%20fleet;serial=0a1b;manufacturer=SoftHSM%20project;model=v2;slot-id=7"
                + ";object=sign&verify;id=%00%FFa;type=private"
                + "?module-path=/usr/lib/softhsm.so&pin-source=file:/etc/ota/pin");
    assertThat(uri.token()).contains("my fleet");
    assertThat(uri.serial()).contains("0a1b");
    assertThat(uri.manufacturer()).contains("SoftHSM project");
    assertThat(uri.model()).contains("v2");
    assertThat(uri.slotId()).isEqualTo(OptionalLong.of(7));
    assertThat(uri.object()).contains("sign&verify");
    assertThat(uri.id()).contains(Bytes.copyOf(new byte[] {0, (byte) 0xff, 'a'}));
    assertThat(uri.modulePath()).contains(Path.of("/usr/lib/softhsm.so"));
    assertThat(uri.pinSource()).contains(Path.of("/etc/ota/pin"));
  }

  @Test
  void aUriWithoutAttributesDescribesAnyToken() {
    Pkcs11Uri uri = Pkcs11Uri.parse("pkcs11:");
    assertThat(new SlotToken(3, "any", "1", "maker", "model", 0).fits(uri)).isTrue();
  }

  @Test
  void theFormWithThreeSlashesNamesTheSameFile() {
    assertThat(Pkcs11Uri.parse("pkcs11:?pin-source=file:///etc/pin").pinSource())
        .contains(Path.of("/etc/pin"));
  }

  @Test
  void aPinInTheUriIsRefusedByNameAndNotRepeated() {
    refused("pkcs11:token=t?pin-value=271828")
        .hasMessageContaining("pin-value: a PIN must not stand in an argument")
        .hasMessageNotContaining("271828");
    refused("pkcs11:token=t;pin-value=271828")
        .hasMessageContaining("pin-value: a PIN must not stand in an argument")
        .hasMessageNotContaining("271828");
  }

  @Test
  void aPinInThePlaceOfItsFileIsRefusedAndNotRepeated() {
    refused("pkcs11:token=t?pin-source=271828")
        .hasMessageContaining("pin-source is no file: (a PIN itself must not stand there)")
        .hasMessageNotContaining("271828");
    refused("pkcs11:token=t?pin-source=27182/etc/pin").hasMessageContaining("a PIN itself");
  }

  @Test
  void aPinFromACommandIsRefused() {
    refused("pkcs11:?pin-source=%7Ccat%20/etc/pin").hasMessageContaining("pin-source is no file:");
  }

  @Test
  void aPinFromAnotherMachineIsRefused() {
    refused("pkcs11:?pin-source=file://host/etc/pin").hasMessageContaining("pin-source is not");
    refused("pkcs11:?pin-source=https://host/pin").hasMessageContaining("pin-source is no file:");
  }

  @Test
  void aRelativePathIsRefused() {
    refused("pkcs11:?module-path=libsofthsm2.so").hasMessageContaining("module-path is not");
    refused("pkcs11:?pin-source=file:pin").hasMessageContaining("pin-source is not");
  }

  @Test
  void anUnknownAttributeIsRefusedByName() {
    refused("pkcs11:token=t;library-version=3")
        .hasMessageEndingWith("unknown attribute library-version");
    refused("pkcs11:token=t?x-vendor=3").hasMessageEndingWith("unknown attribute x-vendor");
    refused("pkcs11:Token=t").hasMessageEndingWith("unknown attribute Token");
  }

  @Test
  void anAttributeOnTheWrongSideOfTheQuestionMarkIsRefused() {
    refused("pkcs11:module-path=/m.so").hasMessageEndingWith("unknown attribute module-path");
    refused("pkcs11:?token=t").hasMessageEndingWith("unknown attribute token");
  }

  @Test
  void anAttributeThatStandsTwiceIsRefused() {
    refused("pkcs11:token=a;token=b").hasMessageEndingWith("token stands twice");
  }

  @Test
  void anAttributeWithoutNameOrValueIsRefused() {
    refused("pkcs11:token").hasMessageEndingWith("an attribute without a name");
    refused("pkcs11:a;token=t").hasMessageEndingWith("an attribute without a name");
    refused("pkcs11:token=").hasMessageEndingWith("token is empty");
    refused("pkcs11:token=a;").hasMessageEndingWith("it ends in a separator");
  }

  @Test
  void halfAPercentEncodingIsRefused() {
    refused("pkcs11:token=a%2").hasMessageContaining("two hex digits");
    refused("pkcs11:token=a%zz").hasMessageContaining("two hex digits");
  }

  @Test
  void aCharacterThatMustBeEncodedIsRefused() {
    refused("pkcs11:token=my fleet").hasMessageContaining("must be percent-encoded");
    refused("pkcs11:object=a/b").hasMessageContaining("must be percent-encoded");
    refused("pkcs11:token=a#b").hasMessageContaining("must be percent-encoded");
  }

  @Test
  void textThatIsNoneIsRefused() {
    refused("pkcs11:token=%FF").hasMessageEndingWith("token is not text");
    refused("pkcs11:token=a%0Ab").hasMessageEndingWith("token is not text");
  }

  @Test
  void aSlotThatIsNoNumberIsRefused() {
    refused("pkcs11:slot-id=-1").hasMessageContaining("slot-id is not a number");
    refused("pkcs11:slot-id=9999999999999999999").hasMessageContaining("slot-id is not a number");
  }

  @Test
  void anotherTypeThanPrivateIsRefused() {
    refused("pkcs11:type=cert").hasMessageContaining("type is something else than private");
  }

  @Test
  void anOverlongUriIsRefusedBeforeItIsRead() {
    refused("pkcs11:token=" + "a".repeat(5000)).hasMessageContaining("longer than 4096");
    refused("pkcs11:id=" + "a".repeat(200)).hasMessageContaining("id is longer than 128");
  }

  @Test
  void anotherSchemeIsRefused() {
    refused("file:/etc/pin").hasMessageContaining("does not begin with pkcs11:");
  }

  @Test
  void whatIsPrintedReadsBackAndDoesNotSayWhereThePinIs() {
    String text =
        "pkcs11:token=my%20fleet;serial=1;slot-id=7;object=a%3Bb;id=%00k?module-path=/m.so";
    Pkcs11Uri uri = Pkcs11Uri.parse(text + "&pin-source=file:/etc/ota/pin");
    assertThat(uri).hasToString(text);
    assertThat(Pkcs11Uri.parse(uri.toString()).id()).isEqualTo(uri.id());
  }
}
