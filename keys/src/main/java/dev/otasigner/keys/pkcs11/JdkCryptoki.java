package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import java.io.IOException;
import java.lang.reflect.Array;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A module called through the JDK's own binding ({@code sun.security.pkcs11.wrapper}). The JDK's
 * provider on top of it shows neither the label of a token nor a key without a certificate.
 */
final class JdkCryptoki implements Cryptoki {
  private static final Wrapper WRAPPER = new Wrapper();
  private static final int FOUND_AT_ONCE = 64;

  private final Path library;
  private final Object module;

  private JdkCryptoki(Path library, Object module) {
    this.library = library;
    this.module = module;
  }

  /**
   * Loads a library and initializes it; once for the process, however often it is asked for.
   *
   * @throws TokenUnavailable when that fails, or the JVM keeps its binding to itself
   */
  static JdkCryptoki load(Path library) {
    if (!Files.isRegularFile(library)) {
      throw new TokenUnavailable(library + ": no such PKCS#11 module");
    }
    WRAPPER.requireOpen();
    try {
      Object arguments = WRAPPER.make("CK_C_INITIALIZE_ARGS");
      WRAPPER.set(arguments, "flags", Ck.CKF_OS_LOCKING_OK);
      Path real = library.toRealPath();
      return new JdkCryptoki(
          real, WRAPPER.getInstance(real.toString(), "C_GetFunctionList", arguments));
    } catch (IOException | CryptokiException e) {
      throw new TokenUnavailable(
          library + ": not a PKCS#11 module that can be loaded: " + e.getMessage(), e);
    }
  }

  @Override
  public boolean isLoadedFrom(Path path) {
    try {
      return path.toRealPath().equals(library);
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public List<SlotToken> tokens() throws CryptokiException {
    List<SlotToken> tokens = new ArrayList<>();
    for (long slot : (long[]) ask("C_GetSlotList", true)) {
      try {
        SlotToken token = token(slot);
        if (token.isInitialized()) {
          tokens.add(token);
        }
      } catch (CryptokiException e) {
        // One token that is broken is none, and the others are not to blame.
      }
    }
    return tokens;
  }

  @Override
  public SlotToken token(long slot) throws CryptokiException {
    Object info = ask("C_GetTokenInfo", slot);
    return new SlotToken(
        slot,
        text((char[]) WRAPPER.get(info, "label")),
        text((char[]) WRAPPER.get(info, "serialNumber")),
        text((char[]) WRAPPER.get(info, "manufacturerID")),
        text((char[]) WRAPPER.get(info, "model")),
        (long) WRAPPER.get(info, "flags"));
  }

  /** The binding gives bytes as characters; they are UTF-8, in places padded with blanks. */
  private static String text(char[] characters) {
    byte[] utf8 = new byte[characters.length];
    for (int i = 0; i < characters.length; i++) {
      utf8[i] = (byte) characters[i];
    }
    return new String(utf8, StandardCharsets.UTF_8).stripTrailing();
  }

  @Override
  public Optional<KeySizes> sizes(long slot, long mechanism) throws CryptokiException {
    try {
      Object info = ask("C_GetMechanismInfo", slot, mechanism);
      return Optional.of(
          new KeySizes(
              (long) WRAPPER.get(info, "ulMinKeySize"),
              (long) WRAPPER.get(info, "ulMaxKeySize"),
              (long) WRAPPER.get(info, "flags")));
    } catch (CryptokiException e) {
      if (e.code() == Ck.CKR_MECHANISM_INVALID) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public long openSession(long slot, long flags) throws CryptokiException {
    return (long) ask("C_OpenSession", slot, Ck.CKF_SERIAL_SESSION | flags, null, null);
  }

  @Override
  public void closeSession(long session) throws CryptokiException {
    run("C_CloseSession", session);
  }

  /** The binding takes bytes as characters, as it gives them. */
  @Override
  public void login(long session, byte[] utf8) throws CryptokiException {
    char[] pin = new char[utf8.length];
    for (int i = 0; i < pin.length; i++) {
      pin[i] = (char) (utf8[i] & 0xff);
    }
    try {
      run("C_Login", session, Ck.CKU_USER, pin);
    } finally {
      Arrays.fill(pin, '\0');
    }
  }

  @Override
  public void logout(long session) throws CryptokiException {
    run("C_Logout", session);
  }

  @Override
  public List<Long> find(long session, Template template) throws CryptokiException {
    run("C_FindObjectsInit", session, attributes(template));
    try {
      List<Long> found = new ArrayList<>();
      long[] next;
      do {
        next = (long[]) ask("C_FindObjects", session, (long) FOUND_AT_ONCE);
        for (long object : next) {
          found.add(object);
        }
      } while (next.length > 0);
      return found;
    } finally {
      run("C_FindObjectsFinal", session);
    }
  }

  @Override
  public @Nullable Object attribute(long session, long object, long type) throws CryptokiException {
    Object asked = attributes(Map.of(type, Wrapper.NOTHING));
    try {
      run("C_GetAttributeValue", session, object, asked);
    } catch (CryptokiException e) {
      if (e.code() == Ck.CKR_ATTRIBUTE_TYPE_INVALID || e.code() == Ck.CKR_ATTRIBUTE_SENSITIVE) {
        return null;
      }
      throw e;
    }
    Object value = WRAPPER.find(Array.get(asked, 0), "pValue");
    return value instanceof char[] characters ? text(characters) : value;
  }

  @Override
  public void set(long session, long object, Template template) throws CryptokiException {
    run("C_SetAttributeValue", session, object, attributes(template));
  }

  @Override
  public long create(long session, Template template) throws CryptokiException {
    return (long) ask("C_CreateObject", session, attributes(template));
  }

  @Override
  public void destroy(long session, long object) throws CryptokiException {
    run("C_DestroyObject", session, object);
  }

  @Override
  public long[] generate(long session, long mechanism, Template publicKey, Template privateKey)
      throws CryptokiException {
    return (long[])
        ask(
            "C_GenerateKeyPair",
            session,
            WRAPPER.make("CK_MECHANISM", mechanism),
            attributes(publicKey),
            attributes(privateKey));
  }

  @Override
  public byte[] sign(long session, long mechanism, @Nullable String pssHash, long key, byte[] input)
      throws CryptokiException {
    Object with = WRAPPER.make("CK_MECHANISM", mechanism);
    if (pssHash != null) {
      Object pss = WRAPPER.make("CK_RSA_PKCS_PSS_PARAMS", pssHash, "MGF1", pssHash, input.length);
      if (!WRAPPER.apply(with, "setParameter", pss)) {
        throw new IllegalStateException("this JDK's PKCS#11 takes no parameters of PSS");
      }
    }
    try {
      run("C_SignInit", session, with, key);
      return (byte[]) ask("C_Sign", session, input);
    } finally {
      // JDK 17 keeps the parameters outside of the heap until it is told; JDK 25 does not.
      if (pssHash != null) {
        WRAPPER.apply(with, "freeHandle");
      }
    }
  }

  private static Object attributes(Template template) {
    return attributes(template.values());
  }

  private static Object attributes(Map<Long, Object> values) {
    Object array = Array.newInstance(Wrapper.type("CK_ATTRIBUTE"), values.size());
    int i = 0;
    for (Map.Entry<Long, Object> value : values.entrySet()) {
      Object attribute =
          value.getValue() == Wrapper.NOTHING
              ? WRAPPER.make("CK_ATTRIBUTE", value.getKey())
              : WRAPPER.make("CK_ATTRIBUTE", value.getKey(), value.getValue());
      Array.set(array, i, attribute);
      i++;
    }
    return array;
  }

  private Object ask(String function, @Nullable Object... arguments) throws CryptokiException {
    return Objects.requireNonNull(WRAPPER.call(module, function, arguments), function);
  }

  private void run(String function, @Nullable Object... arguments) throws CryptokiException {
    WRAPPER.call(module, function, arguments);
  }
}
