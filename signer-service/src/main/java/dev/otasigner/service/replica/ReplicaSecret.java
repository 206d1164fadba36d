package dev.otasigner.service.replica;

import dev.otasigner.keys.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What only those know that share the directory. By it the active service believes another one's
 * word on where a request came from; it gives no right to anything else.
 */
final class ReplicaSecret {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int BYTES = 32;

  private final SecretKeySpec key;

  private ReplicaSecret(byte[] secret) {
    this.key = new SecretKeySpec(secret, ALGORITHM);
  }

  /** The secret of this directory, made by whoever comes first. */
  static ReplicaSecret in(Path directory) throws IOException {
    Path file = directory.resolve("secret");
    if (!Files.exists(file)) {
      byte[] fresh = new byte[BYTES];
      new SecureRandom().nextBytes(fresh);
      try {
        DurableFile.create(file, fresh);
      } catch (FileAlreadyExistsException e) {
        // Another one was faster.
      }
    }
    DurableFile.requireOwnerOnly(file);
    byte[] secret = Files.readAllBytes(file);
    if (secret.length != BYTES) {
      throw new IOException(file + ": " + BYTES + " bytes are expected");
    }
    return new ReplicaSecret(secret);
  }

  /** What vouches for the source of one request, to the active one of this number. */
  String mark(long number, String method, String uri, String source) {
    String text = number + "\n" + method + "\n" + uri + "\n" + source;
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no " + ALGORITHM, e);
    }
  }

  boolean isMark(String mark, long number, String method, String uri, String source) {
    return MessageDigest.isEqual(
        mark.getBytes(StandardCharsets.UTF_8),
        mark(number, method, uri, source).getBytes(StandardCharsets.UTF_8));
  }
}
