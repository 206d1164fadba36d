package dev.otasigner.keys;

import dev.otasigner.verifier.Digest;

/** Why a key was not made, found, used or destroyed. Never carries key material. */
public sealed class KeyOperationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private KeyOperationException(String message) {
    super(message);
  }

  private KeyOperationException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The token has no such key. */
  public static final class NoSuchKey extends KeyOperationException {
    private static final long serialVersionUID = 1L;
    private final transient Digest keyId;

    public NoSuchKey(Digest keyId) {
      super("the token has no key " + keyId.abbreviated());
      this.keyId = keyId;
    }

    public Digest keyId() {
      return keyId;
    }
  }

  /** A key of this name, or this very key, is there already. */
  public static final class NameTaken extends KeyOperationException {
    private static final long serialVersionUID = 1L;

    public NameTaken(String message) {
      super(message);
    }
  }

  /** The key's state does not allow the operation. */
  public static final class NotUsable extends KeyOperationException {
    private static final long serialVersionUID = 1L;
    private final KeyState state;

    public NotUsable(String name, KeyState state, String operation) {
      super("key '" + name + "' is " + state.code() + ": it can not " + operation);
      this.state = state;
    }

    public KeyState state() {
      return state;
    }
  }

  /** The token or its worker cannot be used now; trying later may help. */
  public static sealed class TokenUnavailable extends KeyOperationException {
    private static final long serialVersionUID = 1L;

    public TokenUnavailable(String message) {
      super(message);
    }

    public TokenUnavailable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The module refuses the PIN. It must not be tried again: a module locks after a few. */
  public static final class PinRefused extends TokenUnavailable {
    private static final long serialVersionUID = 1L;

    public PinRefused(String message) {
      super(message);
    }
  }

  /** The token does not do this, and never will. */
  public static final class NotSupported extends KeyOperationException {
    private static final long serialVersionUID = 1L;

    public NotSupported(String message) {
      super(message);
    }
  }

  /** Bytes that are no private key of the suite. */
  public static final class BadKey extends KeyOperationException {
    private static final long serialVersionUID = 1L;

    public BadKey(String message) {
      super(message);
    }
  }

  /** A sealed file that does not open. */
  public static final class SealBroken extends KeyOperationException {
    private static final long serialVersionUID = 1L;
    private final SealFault fault;

    public SealBroken(SealFault fault, String message) {
      super(message);
      this.fault = fault;
    }

    public SealFault fault() {
      return fault;
    }
  }

  /** What is wrong with a sealed file. */
  public enum SealFault {
    /** The file is whole; the passphrase is not the one it was sealed with. */
    WRONG_PASSPHRASE,
    /** The file ends too early. */
    TRUNCATED,
    /** The file's bytes are not the ones that were written. */
    CORRUPT,
    /** The file is whole, but was sealed as something else than it says it is. */
    TAMPERED
  }

  /** The worker's own rules say no. */
  public static final class Refused extends KeyOperationException {
    private static final long serialVersionUID = 1L;
    private final RefusalCode code;

    public Refused(RefusalCode code, String message) {
      super(message);
      this.code = code;
    }

    public RefusalCode code() {
      return code;
    }
  }

  /** The token gave a signature that does not verify; the key is out of service. */
  public static final class WrongSignature extends KeyOperationException {
    private static final long serialVersionUID = 1L;
    private final transient Digest keyId;

    public WrongSignature(Digest keyId) {
      super(
          "the token's signature by key "
              + keyId.abbreviated()
              + " does not verify: the key is out of service");
      this.keyId = keyId;
    }

    public Digest keyId() {
      return keyId;
    }
  }
}
