package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.InvalidParameterException;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.util.Locale;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A vendor's module and the slot in it.
 *
 * @param library the shared library
 * @param slotId as the module numbers its slots; absent for the first one with a token
 */
public record Pkcs11Module(Path library, OptionalLong slotId) {
  private static final String JDK_PROVIDER = "SunPKCS11";

  /** A name and a path are all that stands in the JDK's configuration: nothing may break out. */
  private static final String UNSAFE = "\"\\\n\r";

  public Pkcs11Module {
    if (library.toString().chars().anyMatch(c -> UNSAFE.indexOf(c) >= 0)) {
      throw new IllegalArgumentException("a path that the module's configuration cannot hold");
    }
  }

  /**
   * Loads the library.
   *
   * @throws TokenUnavailable when it does not load, or has no such slot
   */
  Provider load() {
    if (!Files.isRegularFile(library)) {
      throw unavailable(library + ": no such PKCS#11 module", null);
    }
    Provider jdk = Security.getProvider(JDK_PROVIDER);
    if (jdk == null) {
      throw unavailable("this JDK has no PKCS#11 provider (module jdk.crypto.cryptoki)", null);
    }
    try {
      return jdk.configure("--" + configuration());
    } catch (InvalidParameterException | ProviderException e) {
      throw unavailable(library + ": " + reason(e), e);
    }
  }

  /** Without these attributes a key that is made would be neither sensitive nor bound to sign. */
  private String configuration() {
    String slot = slotId.isPresent() ? "slot = " + slotId.getAsLong() : "slotListIndex = 0";
    return String.format(
        Locale.ROOT,
        """
        name = ota
        library = "%s"
        %s
        attributes(generate,CKO_PRIVATE_KEY,*) = {
          CKA_TOKEN = true
          CKA_PRIVATE = true
          CKA_SENSITIVE = true
          CKA_EXTRACTABLE = false
          CKA_SIGN = true
        }
        """,
        library,
        slot);
  }

  private static String reason(RuntimeException e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  private static TokenUnavailable unavailable(String message, @Nullable Throwable cause) {
    return cause == null ? new TokenUnavailable(message) : new TokenUnavailable(message, cause);
  }
}
