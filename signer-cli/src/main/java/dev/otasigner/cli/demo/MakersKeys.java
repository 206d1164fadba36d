package dev.otasigner.cli.demo;

import dev.otasigner.cli.local.KeygenCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The files in which the maker kept its keys before it had a service, and from which they leaked.
 */
final class MakersKeys {
  private MakersKeys() {}

  /** Writes a fresh RSA-2048 private key. */
  static void generate(Path file) throws IOException {
    Files.writeString(
        file,
        KeygenCommand.pem(
            "PRIVATE KEY", KeygenCommand.generate("rsa-2048").getPrivate().getEncoded()));
  }
}
