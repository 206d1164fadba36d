package dev.otasigner.service.webhook;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.service.ServiceDirectories;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * The keys by which receivers know that it is this service that calls: in files of their own, since
 * whoever reads the database shall not be able to sign.
 */
@Component
class WebhookSecrets {
  private static final Logger log = LoggerFactory.getLogger(WebhookSecrets.class);
  private static final int KEY_BYTES = 32;
  private static final String PREFIX = "whsec_";
  private static final String HMAC = "HmacSHA256";

  private final Path directory;
  private final SecureRandom random = new SecureRandom();

  WebhookSecrets(ServiceDirectories directories) {
    this.directory = directories.webhooks();
  }

  /** Makes a key; what is returned is seen this once. */
  String create(UUID webhook) {
    byte[] key = new byte[KEY_BYTES];
    random.nextBytes(key);
    try {
      DurableFile.create(file(webhook), key);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return PREFIX + Base64.getEncoder().encodeToString(key);
  }

  /** What is rolled back still has its key. A key that is left over opens nothing. */
  void deleteAfterCommit(UUID webhook) {
    TransactionSynchronizationManager.registerSynchronization(
        new TransactionSynchronization() {
          @Override
          public void afterCommit() {
            try {
              delete(webhook);
            } catch (UncheckedIOException e) {
              log.warn("the key of removed webhook {} is left over: {}", webhook, e.getMessage());
            }
          }
        });
  }

  void delete(UUID webhook) {
    try {
      DurableFile.delete(file(webhook));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** As Standard Webhooks sets out: over id, time and body, with points between. */
  String signature(UUID webhook, String id, long seconds, String body) throws IOException {
    byte[] key = Files.readAllBytes(file(webhook));
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      byte[] signed = (id + "." + seconds + "." + body).getBytes(StandardCharsets.UTF_8);
      return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(HMAC + " is missing from this JDK", e);
    }
  }

  private Path file(UUID webhook) {
    return directory.resolve(webhook + ".key");
  }
}
