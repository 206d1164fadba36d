package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The functions of a module, called through the JDK's own binding ({@code
 * sun.security.pkcs11.wrapper}). The JDK's provider on top of it shows neither the label of a token
 * nor a key without a certificate. The binding is not part of the Java platform: this class alone
 * knows it, by reflection, and the JVM has to be started with {@link Pkcs11Module#JVM_OPTION}.
 */
final class Cryptoki {
  /** PKCS#11 names for numbers; only what is used here. */
  private static final long CKF_OS_LOCKING_OK = 2;

  private static final Wrapper WRAPPER = new Wrapper();

  private final Object module;

  private Cryptoki(Object module) {
    this.module = module;
  }

  /**
   * Loads a library and initializes it; once for the process, however often it is asked for.
   *
   * @throws TokenUnavailable when that fails, or the JVM keeps its binding to itself
   */
  static Cryptoki load(Path library) {
    if (!Files.isRegularFile(library)) {
      throw new TokenUnavailable(library + ": no such PKCS#11 module");
    }
    WRAPPER.requireOpen();
    try {
      Object arguments = WRAPPER.make("CK_C_INITIALIZE_ARGS");
      WRAPPER.set(arguments, "flags", CKF_OS_LOCKING_OK);
      Object module =
          WRAPPER.getInstance(library.toRealPath().toString(), "C_GetFunctionList", arguments);
      return new Cryptoki(module);
    } catch (IOException | CryptokiException e) {
      throw new TokenUnavailable(
          library + ": not a PKCS#11 module that can be loaded: " + e.getMessage(), e);
    }
  }

  /** The tokens that have been initialized, in the order of their slots. */
  List<SlotToken> tokens() throws CryptokiException {
    List<SlotToken> tokens = new ArrayList<>();
    for (long slot : (long[]) ask("C_GetSlotList", true)) {
      SlotToken token = token(slot);
      if (token.isInitialized()) {
        tokens.add(token);
      }
    }
    return tokens;
  }

  SlotToken token(long slot) throws CryptokiException {
    Object info = ask("C_GetTokenInfo", slot);
    return new SlotToken(
        slot,
        text(info, "label"),
        text(info, "serialNumber"),
        text(info, "manufacturerID"),
        text(info, "model"),
        (long) WRAPPER.get(info, "flags"));
  }

  /** The binding gives bytes as characters; they are UTF-8, padded with blanks. */
  private static String text(Object info, String field) {
    return SlotToken.text((char[]) WRAPPER.get(info, field));
  }

  private Object ask(String function, Object... arguments) throws CryptokiException {
    return Objects.requireNonNull(WRAPPER.call(module, function, arguments), function);
  }
}
