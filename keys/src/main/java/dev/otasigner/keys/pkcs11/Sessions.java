package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.soft.Passphrase;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;

/** A token that this process is logged in to: a session per thread that works at a time. */
final class Sessions implements AutoCloseable {
  private final Cryptoki module;
  private final SlotToken token;
  private final long home;
  private final Deque<Long> idle = new ConcurrentLinkedDeque<>();

  /** What is done in a session. */
  interface Work<T> {
    T in(TokenObjects objects) throws CryptokiException;
  }

  private Sessions(Cryptoki module, SlotToken token, long home) {
    this.module = module;
    this.token = token;
    this.home = home;
  }

  /**
   * Logs in, with one try.
   *
   * @throws PinRefused when the token refuses the PIN
   * @throws TokenUnavailable when it is locked or nearly, or cannot be used
   */
  static Sessions open(Cryptoki module, long slot, Passphrase pin) {
    try {
      SlotToken token = module.token(slot);
      requireTries(token);
      long home = module.openSession(slot, 0);
      boolean in = false;
      try {
        login(module, home, pin);
        in = true;
      } finally {
        if (!in) {
          module.closeSession(home);
        }
      }
      return new Sessions(module, token, home);
    } catch (CryptokiException e) {
      throw new TokenUnavailable("the token cannot be opened: " + e.getMessage(), e);
    }
  }

  static void requireTries(SlotToken token) {
    if (token.has(Ck.CKF_USER_PIN_LOCKED)) {
      throw new PinRefused(
          "the PIN of token "
              + token.described()
              + " is locked: its security officer sets a new"
              + " one");
    }
    if (token.has(Ck.CKF_USER_PIN_FINAL_TRY)) {
      throw new PinRefused(
          "one more wrong PIN locks token "
              + token.described()
              + ": it was not tried; log in once with the vendor's own tool");
    }
  }

  private static void login(Cryptoki module, long session, Passphrase pin)
      throws CryptokiException {
    byte[] utf8 = pin.utf8();
    try {
      module.login(session, utf8);
    } catch (CryptokiException e) {
      throw refusal(e);
    } finally {
      Arrays.fill(utf8, (byte) 0);
    }
  }

  private static RuntimeException refusal(CryptokiException e) throws CryptokiException {
    long code = e.code();
    if (code == Ck.CKR_USER_ALREADY_LOGGED_IN) {
      return new TokenUnavailable("this process has the token open already");
    }
    if (code >= Ck.CKR_PIN_INCORRECT && code <= Ck.CKR_PIN_LOCKED) {
      return new PinRefused(
          "the module refuses the PIN ("
              + e.getMessage()
              + "); it is not tried again, for a module locks after a few wrong ones");
    }
    throw e;
  }

  Cryptoki module() {
    return module;
  }

  SlotToken token() {
    return token;
  }

  /** In a session that reads and signs. */
  <T> T use(Work<T> work) throws CryptokiException {
    Long pooled = idle.poll();
    long session = pooled == null ? module.openSession(token.slot(), 0) : pooled;
    boolean well = false;
    try {
      T result = work.in(new TokenObjects(module, session));
      well = true;
      return result;
    } finally {
      if (well) {
        idle.push(session);
      } else {
        drop(session);
      }
    }
  }

  /** In a session of its own that may change what lies in the token. */
  <T> T change(Work<T> work) throws CryptokiException {
    long session = module.openSession(token.slot(), Ck.CKF_RW_SESSION);
    try {
      return work.in(new TokenObjects(module, session));
    } finally {
      drop(session);
    }
  }

  private void drop(long session) {
    try {
      module.closeSession(session);
    } catch (CryptokiException e) {
      // The token is gone, and the session with it.
    }
  }

  @Override
  public void close() {
    try {
      module.logout(home);
    } catch (CryptokiException e) {
      // The token is gone, and the login with it.
    }
    Long session;
    while ((session = idle.poll()) != null) {
      drop(session);
    }
    drop(home);
  }
}
