package dev.otasigner.cli.demo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/**
 * The files in which the maker kept its keys before it had a service, and from which they leaked.
 */
final class MakersKeys {
  private static final int BITS = 2048;
  private static final int LINE = 64;

  private MakersKeys() {}

  /** Writes a fresh RSA-2048 private key as PKCS#8 PEM. */
  static void generate(Path file) throws IOException {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(BITS);
      String base64 =
          Base64.getMimeEncoder(LINE, new byte[] {'\n'})
              .encodeToString(generator.generateKeyPair().getPrivate().getEncoded());
      Files.writeString(
          file,
          "-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n",
          StandardCharsets.US_ASCII);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK makes RSA keys", e);
    }
  }
}
