package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.InvalidParameterException;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A vendor's module and the slot in it.
 *
 * @param library the shared library
 * @param slotId as the module numbers its slots; absent for the first one with a token
 */
public record Pkcs11Module(Path library, OptionalLong slotId) {
  /** What java has to be started with where a token is used: see {@link Cryptoki}. */
  public static final String JVM_OPTION =
      "--add-exports=jdk.crypto.cryptoki/sun.security.pkcs11.wrapper=ALL-UNNAMED";

  private static final String JDK_PROVIDER = "SunPKCS11";

  /** A name and a path are all that stands in the JDK's configuration: nothing may break out. */
  private static final String UNSAFE = "\"\\\n\r";

  public Pkcs11Module {
    if (library.toString().chars().anyMatch(c -> UNSAFE.indexOf(c) >= 0)) {
      throw new IllegalArgumentException("a path that the module's configuration cannot hold");
    }
  }

  /**
   * The one token that a URI describes.
   *
   * @throws IllegalArgumentException when the URI names no module
   * @throws TokenUnavailable when the module does not load, and when it has no such token or
   *     several
   */
  public static Pkcs11Module of(Pkcs11Uri uri) {
    Path library =
        uri.modulePath()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "the PKCS#11 URI names no module: add ?module-path=/path/of/the/module.so"));
    try {
      List<SlotToken> tokens = Cryptoki.load(library).tokens();
      List<SlotToken> fitting = tokens.stream().filter(token -> token.fits(uri)).toList();
      if (fitting.isEmpty()) {
        throw new TokenUnavailable(
            "no token fits " + uri.ofToken() + "; the module has " + described(tokens));
      }
      if (fitting.size() > 1) {
        throw new TokenUnavailable(
            fitting.size()
                + " tokens fit "
                + uri.ofToken()
                + ": "
                + described(fitting)
                + "; add what tells them apart, such as serial");
      }
      return new Pkcs11Module(library, OptionalLong.of(fitting.get(0).slot()));
    } catch (CryptokiException e) {
      throw new TokenUnavailable(library + ": does not tell its tokens: " + e.getMessage(), e);
    }
  }

  private static String described(List<SlotToken> tokens) {
    return tokens.isEmpty()
        ? "none"
        : tokens.stream().map(SlotToken::described).collect(Collectors.joining(", "));
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
