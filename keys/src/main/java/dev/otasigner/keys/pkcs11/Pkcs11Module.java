package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.soft.Passphrase;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * A vendor's module and the slot in it.
 *
 * @param library the shared library
 * @param slotId as the module numbers its slots; absent for the first one with a token
 */
public record Pkcs11Module(Path library, OptionalLong slotId) {
  /** What java has to be started with where a token is used: see {@link JdkCryptoki}. */
  public static final String JVM_OPTION =
      "--add-exports=jdk.crypto.cryptoki/sun.security.pkcs11.wrapper=ALL-UNNAMED";

  public Pkcs11Module {
    if (!library.isAbsolute()) {
      throw new IllegalArgumentException("a PKCS#11 module is named by its absolute path");
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
      List<SlotToken> tokens = JdkCryptoki.load(library).tokens();
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
   * Logs in to the token, with one try.
   *
   * @throws TokenUnavailable when the module does not load, or has no such token, or does not let
   *     in
   */
  Sessions login(Passphrase pin) {
    Cryptoki module = JdkCryptoki.load(library);
    try {
      return Sessions.open(module, slotId.isPresent() ? slotId.getAsLong() : first(module), pin);
    } catch (CryptokiException e) {
      throw new TokenUnavailable(library + ": does not tell its tokens: " + e.getMessage(), e);
    }
  }

  private long first(Cryptoki module) throws CryptokiException {
    List<SlotToken> tokens = module.tokens();
    if (tokens.isEmpty()) {
      throw new TokenUnavailable(library + ": has no token");
    }
    return tokens.get(0).slot();
  }
}
