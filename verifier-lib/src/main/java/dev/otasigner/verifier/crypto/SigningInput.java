package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;

/**
 * What a private key is asked to sign: the message, or, for suites that hash first, a hash that was
 * already computed over it.
 */
public sealed interface SigningInput {

  /** The bytes that were handed over: the message or its hash. */
  Bytes bytes();

  /**
   * Returns only when the signature is this key's over this input.
   *
   * @throws RejectedException BAD_SIGNATURE otherwise, also when the key's suite takes no such hash
   */
  void verify(VerificationKey key, byte[] signature) throws RejectedException;

  /**
   * The hash of a message, for suites whose {@link SignatureSuite#hash()} is {@code name}.
   *
   * @param bytes the hash, as long as its kind demands
   * @param name JCA name of the hash, such as {@code SHA-256}
   */
  record Hash(Bytes bytes, String name) implements SigningInput {
    public Hash {
      if (Digest.digest(name).getDigestLength() != bytes.length()) {
        throw new IllegalArgumentException("not a " + name + " hash");
      }
    }

    @Override
    public void verify(VerificationKey key, byte[] signature) throws RejectedException {
      if (!name.equals(key.suite().hash())) {
        throw new RejectedException(
            Reason.BAD_SIGNATURE, key.suite().code() + " signs no " + name + " hash");
      }
      key.verifyHash(bytes.toByteArray(), signature);
    }
  }

  /**
   * The whole message; a suite that hashes first hashes it itself.
   *
   * @param bytes the message
   */
  record Message(Bytes bytes) implements SigningInput {
    @Override
    public void verify(VerificationKey key, byte[] signature) throws RejectedException {
      key.verify(bytes.toByteArray(), signature);
    }
  }

  /** The whole message, copied. */
  static SigningInput message(byte[] message) {
    return new Message(Bytes.copyOf(message));
  }

  /**
   * A hash, copied.
   *
   * @param name JCA name of the hash, such as {@code SHA-256}
   * @throws IllegalArgumentException when it is not as long as such a hash
   */
  static SigningInput hash(byte[] hash, String name) {
    return new Hash(Bytes.copyOf(hash), name);
  }
}
