package dev.otasigner.service.access;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.stereotype.Component;

/**
 * What is written down of a name that is no account: it may be a password that was typed in the
 * wrong place. The same name gives the same word until the service ends; the key is in its memory
 * alone, and 32 bits are too few to test a guess by even with it.
 */
@Component
class UnknownNames {
  private static final String ALGORITHM = "HmacSHA256";
  private static final int SHOWN_BYTES = 4;

  private final SecretKeySpec key;

  UnknownNames() {
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    key = new SecretKeySpec(random, ALGORITHM);
  }

  /** Such as {@code unknown:1f2e3d4c}. */
  String subject(String name) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      byte[] hash = mac.doFinal(name.getBytes(StandardCharsets.UTF_8));
      return "unknown:" + HexFormat.of().formatHex(hash, 0, SHOWN_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
