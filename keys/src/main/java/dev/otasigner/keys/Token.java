package dev.otasigner.keys;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * Where private keys live. Four operations; anything else is a capability of its own that a token
 * may have besides: {@link Listing}, {@link Import}, {@link Departure}, {@link Adoption}, {@link
 * Destruction}, {@link Reread}, {@link Unfinished}, {@link Probe}.
 *
 * <p>Every operation throws {@link KeyOperationException.TokenUnavailable} when the token cannot be
 * reached. A token judges nothing: purpose, approvals and quotas are the worker's to check. Tokens
 * are safe for use by several threads.
 */
public interface Token extends AutoCloseable {

  /**
   * Makes a key and stores it durably.
   *
   * @throws KeyOperationException.NameTaken when the token has a key of this name
   * @throws KeyOperationException.NotSupported when the token does not sign with this suite
   */
  TokenKey generate(KeySpec spec);

  /** The key of this name, if the token has it. */
  Optional<TokenKey> find(String name);

  /**
   * The public half of a key, with its suite.
   *
   * @throws KeyOperationException.NoSuchKey when the token does not have it
   */
  VerificationKey publicKey(Digest keyId);

  /**
   * The key's signature in the encoding of its suite.
   *
   * @throws KeyOperationException.NoSuchKey when the token does not have the key
   * @throws KeyOperationException.NotSupported when the input is a hash that the suite does not
   *     sign
   */
  byte[] sign(Digest keyId, SigningInput input);

  /** Forgets what it holds in memory; later calls fail with {@link IllegalStateException}. */
  @Override
  void close();

  /** Tokens that can tell all keys they hold. */
  interface Listing {
    /** In the order of their names. */
    List<TokenKey> keys();

    /** What the token knows the key to have been made for, if it has the key. */
    default Optional<KeyPurpose> purposeOf(Digest keyId) {
      return keys().stream()
          .filter(key -> key.keyId().equals(keyId))
          .map(TokenKey::purpose)
          .findFirst();
    }
  }

  /** Tokens that take in a key made elsewhere. */
  interface Import {
    /**
     * The public half of a private key, which is not stored.
     *
     * @throws KeyOperationException.BadKey when the bytes are no key of the suite
     */
    VerificationKey publicHalf(SignatureSuite suite, byte[] pkcs8);

    /**
     * Stores a private key durably.
     *
     * @param pkcs8 PrivateKeyInfo in DER; wiped before this returns
     * @throws KeyOperationException.NameTaken when the token has this name or this key
     * @throws KeyOperationException.BadKey when the bytes are no key of the suite
     */
    TokenKey importKey(KeySpec spec, byte[] pkcs8);
  }

  /** Tokens that can give a key to another token, and to nobody else. */
  interface Departure {
    /**
     * Has the receiver take the private key into another token. This one keeps it until it is
     * destroyed.
     *
     * @param receiver given PrivateKeyInfo in DER, which is wiped when it returns
     * @return the receiver's own
     * @throws KeyOperationException.NoSuchKey when the token does not have it
     */
    TokenKey handOver(Digest keyId, Function<byte[], TokenKey> receiver);
  }

  /** Tokens that can take up a key which lies in them already, made by somebody else's software. */
  interface Adoption {
    /**
     * The public half of the key that lies there.
     *
     * @param uri where the key lies in the token's own words: an RFC 7512 URI
     * @throws KeyOperationException.BadKey when there is none, more than one, or none of the suite
     */
    VerificationKey publicHalf(SignatureSuite suite, String uri);

    /**
     * Gives the key a name, a suite and a purpose, durably; it keeps lying where it lies.
     *
     * @throws KeyOperationException.NameTaken when the token has this name, or this key under
     *     another one
     * @throws KeyOperationException.BadKey when there is none, more than one, or none of the suite
     */
    TokenKey adopt(KeySpec spec, String uri);
  }

  /** Tokens that can erase a key. */
  interface Destruction {
    /**
     * Erases the key; it cannot be brought back.
     *
     * @throws KeyOperationException.NoSuchKey when the token does not have it
     */
    void destroy(Digest keyId);
  }

  /** Tokens that another process may have changed since this one has read them. */
  interface Reread {
    /** Reads anew which keys there are. */
    void reread();
  }

  /** Tokens in which a killed process may leave a key that is of no use to anybody. */
  interface Unfinished {
    /** Keys that were being made, with what somebody needs who erases them. */
    List<String> unfinished();
  }

  /** Tokens that can show that they sign, without using any key that means something. */
  interface Probe {
    /**
     * Signs a fresh challenge with a key of the token's own that serves nothing else.
     *
     * @return challenge, signature and key, for the caller to verify
     */
    Probed probe();

    /** What a probe gave; the caller verifies it. */
    record Probed(VerificationKey key, Bytes challenge, Bytes signature) {}
  }
}
