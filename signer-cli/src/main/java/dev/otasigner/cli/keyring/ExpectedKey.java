package dev.otasigner.cli.keyring;

import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.ExitCode;
import dev.otasigner.cli.Terminal;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.x509.Certificate;

/** The key that an operator knows a fleet to trust, as a public key or a certificate. */
final class ExpectedKey {
  private static final int MAX_BYTES = 64 * 1024;
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN (PUBLIC KEY|CERTIFICATE)-----([A-Za-z0-9+/=\\s]+)-----END \\1");

  private ExpectedKey() {}

  /** Refuses any other key than the one in the file. */
  static void require(Terminal terminal, Path expected, VerificationKey key, Path keyFile)
      throws IOException {
    Digest wanted = keyId(terminal, expected);
    if (!wanted.equals(key.keyId())) {
      throw CommandFailedException.of(
          ExitCode.REFUSED,
          terminal.show(keyFile)
              + ": holds key "
              + key.keyId().abbreviated()
              + ", and "
              + terminal.show(expected)
              + " is "
              + wanted.abbreviated()
              + "; nothing was imported");
    }
  }

  private static Digest keyId(Terminal terminal, Path file) throws IOException {
    try {
      String pem = new String(ByteSource.of(file).readAll(MAX_BYTES), StandardCharsets.US_ASCII);
      Matcher block = BLOCK.matcher(pem);
      if (!block.find()) {
        throw CommandFailedException.usage(
            terminal.show(file) + ": no PUBLIC KEY or CERTIFICATE block");
      }
      byte[] der = Base64.getMimeDecoder().decode(block.group(2).strip());
      return Digest.of(
          block.group(1).equals("CERTIFICATE")
              ? Certificate.getInstance(der).getSubjectPublicKeyInfo().getEncoded(ASN1Encoding.DER)
              : der);
    } catch (RejectedException | IllegalArgumentException e) {
      throw CommandFailedException.usage(
              terminal.show(file) + ": no public key or certificate can be read")
          .because(e);
    }
  }
}
