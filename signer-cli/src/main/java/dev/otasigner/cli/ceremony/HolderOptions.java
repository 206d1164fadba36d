package dev.otasigner.cli.ceremony;

import dev.otasigner.cli.Cli;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.Terminal;
import dev.otasigner.cli.keyring.PassphraseOptions;
import dev.otasigner.keys.KeyOperationException;
import dev.otasigner.keys.local.LocalKey;
import dev.otasigner.keys.local.LocalKeys;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.ceremony.Ceremony;
import dev.otasigner.verifier.ceremony.CeremonyFile;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The key of the holder who signs. */
final class HolderOptions {
  @Option(
      names = "--key",
      required = true,
      paramLabel = "FILE|URI",
      description = "Your private key (PEM), or pkcs11:token=T;object=KEY?module-path=/M.so.")
  private String key = "";

  @Option(names = "--yes", description = "Do not ask; for a program that has looked itself.")
  private boolean yes;

  @Mixin private PassphraseOptions passphrase = new PassphraseOptions();

  void requireSound(Cli cli) {
    passphrase.requireOneSource();
    if (cli.report().json() && !yes) {
      throw CommandFailedException.usage("--json shows nothing to look at, and goes with --yes");
    }
  }

  /** Returns only when a person says yes, or the command line did. */
  void confirm(Cli cli) {
    if (yes) {
      return;
    }
    String answer = cli.terminal().prompt().ask("sign this? type yes: ");
    if (answer == null) {
      throw CommandFailedException.usage("no terminal to ask for your yes")
          .hint("look at what will be signed first; a program that has gives --yes");
    }
    if (!answer.strip().equals("yes")) {
      throw CommandFailedException.of(ExitCode.REFUSED, "not confirmed; nothing was signed");
    }
  }

  /** The file with this key's signature, which was verified before it is here. */
  CeremonyFile sign(Terminal terminal, CeremonyFile file, Ceremony ceremony, Instant now)
      throws IOException, RejectedException {
    try (LocalKeys keys =
        new LocalKeys(
            terminal.directory(),
            Optional.empty(),
            question ->
                Optional.ofNullable(terminal.prompt().read(question)).map(Passphrase::ofPrompt))) {
      LocalKey own =
          keys.forCatalogues(
              key, () -> passphrase.passphrase(terminal, "passphrase of " + key + ": "));
      List<TufKey> as = ceremony.requireMaySign(own.key());
      byte[] input = SignedMetadata.toBeSigned(own.key(), file.signed().canonicalBytes());
      CeremonyFile signed = file;
      for (TufKey entry : as) {
        signed = signed.with(KeySignature.of(entry, own.sign(SigningInput.message(input))));
      }
      Ceremony.of(signed).requireSound(now);
      return signed;
    } catch (KeyOperationException | IllegalArgumentException e) {
      throw CommandFailedException.usage(String.valueOf(e.getMessage())).because(e);
    }
  }
}
