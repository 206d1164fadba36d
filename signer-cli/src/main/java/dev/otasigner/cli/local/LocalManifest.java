package dev.otasigner.cli.local;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.NewFile;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.local.PemKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.Manifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Signs a manifest with keys in files. */
public final class LocalManifest {
  private LocalManifest() {}

  /** Writes the envelope, signed by each key with the usual suite of its type and size. */
  public static void sign(Manifest manifest, List<Path> keys, Path output) throws IOException {
    Envelope envelope =
        new Envelope(
            Manifest.PAYLOAD_TYPE, Bytes.copyOf(manifest.toJson().canonicalBytes()), List.of());
    try {
      for (Path file : keys) {
        PemKey key = PemKey.usual(file, Optional.empty());
        byte[] signature = key.sign(SigningInput.message(envelope.toBeSigned()));
        envelope =
            envelope.with(new Envelope.Signature(key.key().keyId(), Bytes.copyOf(signature)));
      }
    } catch (KeyOperationException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
    NewFile.write(output, envelope.toBytes());
  }
}
