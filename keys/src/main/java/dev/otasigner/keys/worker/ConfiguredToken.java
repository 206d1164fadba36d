package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.pkcs11.Pkcs11Module;
import dev.otasigner.keys.pkcs11.Pkcs11Token;
import dev.otasigner.keys.pkcs11.Pkcs11Uri;
import dev.otasigner.keys.soft.Passphrase;
import java.nio.file.Path;
import java.util.Optional;

/** The token that a worker's own file names. */
final class ConfiguredToken {
  private ConfiguredToken() {}

  /**
   * Opens it.
   *
   * @param handed a PIN that was handed over; used where the file names none
   * @throws dev.otasigner.keys.KeyOperationException.PinRefused when the module refuses the PIN
   * @throws TokenUnavailable naming what is wrong with the file, the module or the token
   */
  static Token open(Path directory, Optional<Passphrase> handed, Disk disk) {
    Path file = directory.resolve(TokenWorker.CONFIGURATION);
    String text =
        WorkerConfiguration.read(file)
            .token()
            .orElseThrow(
                () -> new TokenUnavailable(file + ": no member 'token' says where the token lies"));
    Pkcs11Uri uri;
    Pkcs11Module module;
    try {
      uri = Pkcs11Uri.parse(text);
      module = Pkcs11Module.of(uri);
    } catch (IllegalArgumentException e) {
      throw new TokenUnavailable(file + ": token: " + e.getMessage(), e);
    }
    Optional<Path> pinFile = uri.pinSource();
    if (pinFile.isPresent()) {
      return new PinFile(directory, pinFile.get(), disk).open(pin -> Pkcs11Token.open(module, pin));
    }
    return Pkcs11Token.open(
        module,
        handed.orElseThrow(
            () ->
                new TokenUnavailable(file + ": token: no pin-source, and no PIN was handed over")));
  }
}
