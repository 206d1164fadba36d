package dev.otasigner.cli.keyring;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.local.PemKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The private key that an import is about: in which file, how it opens, and which it must be. */
final class KeyToImport {
  @Option(
      names = "--key",
      paramLabel = "FILE",
      description = "PEM or PKCS#12; told apart by content.")
  private @Nullable Path file;

  @Option(
      names = "--alias",
      paramLabel = "NAME",
      description = "Which entry of a PKCS#12 file that holds several keys.")
  private @Nullable String alias;

  @Option(
      names = "--expect",
      paramLabel = "PUB.pem",
      description = "Public key or certificate; any other key is refused.")
  private @Nullable Path expected;

  @Mixin private PassphraseOptions passphrase = new PassphraseOptions();

  /** A key comes from a file, or is named where it lies. */
  void requireInsteadOf(@Nullable String uri) {
    if ((file == null) == (uri == null)) {
      throw CommandFailedException.usage("one of --key FILE and --uri URI is expected");
    }
  }

  /** PrivateKeyInfo in DER, of a key of this suite whose halves belong together. */
  Bytes pkcs8(Cli cli, String suiteCode) throws IOException {
    SignatureSuite suite = SignatureSuite.ofCode(suiteCode);
    if (suite == null) {
      throw CommandFailedException.usage("--suite: there is no suite '" + suiteCode + "'")
          .hint("such as rsa-pss-3072-sha256, ecdsa-p256-sha256 or ed25519");
    }
    Path file = Objects.requireNonNull(this.file);
    passphrase.requireOneSource();
    try {
      PemKey key =
          PemKey.of(
              file,
              suite,
              Optional.ofNullable(alias),
              () -> passphrase.passphrase(cli.terminal(), "passphrase of " + file + ": "));
      if (expected != null) {
        ExpectedKey.require(cli.terminal(), expected, key.key(), file);
      }
      return key.handOver(Bytes::copyOf);
    } catch (KeyOperationException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
  }
}
