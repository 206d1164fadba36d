package dev.otasigner.cli.image;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.mcuboot.ImageKeyType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A public key as PEM, as {@code openssl pkey -pubout} and {@code signer keys export} write it. */
public final class PublicKeyFile {
  private static final int MAX_BYTES = 16 * 1024;
  private static final Pattern PUBLIC_KEY =
      Pattern.compile("-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\\s]+)-----END PUBLIC KEY-----");

  private PublicKeyFile() {}

  /** A key that a bootloader can know. */
  public static VerificationKey imageKey(Terminal terminal, Path file) throws IOException {
    try {
      String pem = new String(ByteSource.of(file).readAll(MAX_BYTES), StandardCharsets.US_ASCII);
      Matcher block = PUBLIC_KEY.matcher(pem);
      if (!block.find()) {
        throw CommandFailedException.usage(terminal.show(file) + ": no PUBLIC KEY block")
            .hint("write one with: openssl pkey -in KEY.pem -pubout");
      }
      return ImageKeyType.key(Bytes.copyOf(Base64.getMimeDecoder().decode(block.group(1))));
    } catch (RejectedException | IllegalArgumentException e) {
      throw CommandFailedException.usage(terminal.show(file) + ": " + e.getMessage()).because(e);
    }
  }
}
