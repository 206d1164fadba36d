package dev.otasigner.cli.keyring;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.Bytes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The one PEM block that an import takes. */
final class Pem {
  private static final int MAX_BYTES = 64 * 1024;
  private static final Pattern PRIVATE_KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private Pem() {}

  /** The PKCS#8 structure in the file. */
  static Bytes privateKey(Terminal terminal, Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw CommandFailedException.usage(terminal.show(file) + ": too long for a private key");
    }
    Matcher pem = PRIVATE_KEY.matcher(Files.readString(file, StandardCharsets.US_ASCII));
    if (!pem.find()) {
      throw CommandFailedException.usage(
              terminal.show(file) + ": no PRIVATE KEY block (PKCS#8, not encrypted)")
          .hint("convert it: openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY.p8.pem");
    }
    return Bytes.copyOf(Base64.getMimeDecoder().decode(pem.group(1)));
  }
}
