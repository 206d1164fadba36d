package dev.otasigner.cli.local;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Terminal;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.local.LocalKey;
import dev.otasigner.keys.local.LocalKeys;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Signs a statement with a key of one's own, with the usual suite of its type and size. */
public final class LocalEnvelope {
  private LocalEnvelope() {}

  /** Opens an encrypted key file. */
  public interface Opener {
    Optional<Passphrase> passphrase() throws IOException;
  }

  /**
   * The statement with the key's signature alone.
   *
   * @param name of the key: a file, or a PKCS#11 URI
   */
  public static Envelope sign(
      Terminal terminal, String name, Opener opener, String payloadType, Bytes payload)
      throws IOException {
    Envelope envelope = new Envelope(payloadType, payload, List.of());
    try (LocalKeys keys =
        new LocalKeys(
            terminal.directory(),
            Optional.empty(),
            question ->
                Optional.ofNullable(terminal.prompt().read(question)).map(Passphrase::ofPrompt))) {
      LocalKey key = keys.usual(name, opener::passphrase);
      byte[] signature = key.sign(SigningInput.message(envelope.toBeSigned()));
      return envelope.with(new Envelope.Signature(key.key().keyId(), Bytes.copyOf(signature)));
    } catch (KeyOperationException | IllegalArgumentException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
  }
}
