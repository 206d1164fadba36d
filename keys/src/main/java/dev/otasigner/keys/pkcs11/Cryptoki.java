package dev.otasigner.keys.pkcs11;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The functions of a module, under their names in PKCS#11 without the {@code C_}. Nothing but an
 * implementation knows what the module is called through, so that another binding can take its
 * place.
 */
interface Cryptoki extends MechanismTable {
  /** Whether it is the library at this path. */
  boolean isLoadedFrom(Path path);

  /** The tokens that have been initialized and answer, in the order of their slots. */
  List<SlotToken> tokens() throws CryptokiException;

  SlotToken token(long slot) throws CryptokiException;

  /**
   * A session.
   *
   * @param flags besides CKF_SERIAL_SESSION
   */
  long openSession(long slot, long flags) throws CryptokiException;

  void closeSession(long session) throws CryptokiException;

  /** One try, for all sessions of the process with the token. */
  void login(long session, byte[] pin) throws CryptokiException;

  void logout(long session) throws CryptokiException;

  List<Long> find(long session, Template template) throws CryptokiException;

  /**
   * A Boolean, a Long, a String or bytes; null when the object has no such attribute or does not
   * tell it.
   */
  @Nullable Object attribute(long session, long object, long type) throws CryptokiException;

  void set(long session, long object, Template template) throws CryptokiException;

  long create(long session, Template template) throws CryptokiException;

  void destroy(long session, long object) throws CryptokiException;

  /** Handles of the public and the private key. */
  long[] generate(long session, long mechanism, Template publicKey, Template privateKey)
      throws CryptokiException;

  /**
   * One signature.
   *
   * @param pssHash JCA name of the hash, for CKM_RSA_PKCS_PSS with a salt as long as the hash
   */
  byte[] sign(long session, long mechanism, @Nullable String pssHash, long key, byte[] input)
      throws CryptokiException;
}
