package dev.otasigner.verifier.crypto;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import org.jspecify.annotations.Nullable;

/**
 * A public key that verifies with exactly one suite. The parameter set is read from the key itself
 * and must be the suite's; the SubjectPublicKeyInfo must be in its one DER spelling.
 */
public final class VerificationKey {
  /** Of a SubjectPublicKeyInfo. An ML-DSA-87 key needs 2,614 bytes, the largest of the registry. */
  public static final int MAX_SPKI_BYTES = 4096;

  private final SignatureSuite suite;
  private final Bytes spki;
  private final Digest keyId;
  private final SuiteVerifier verifier;

  private VerificationKey(SignatureSuite suite, Bytes spki, SuiteVerifier verifier) {
    this.suite = suite;
    this.spki = spki;
    this.keyId = Digest.of(spki);
    this.verifier = verifier;
  }

  /**
   * A key of this suite.
   *
   * @param spki SubjectPublicKeyInfo in DER, RFC 5280 section 4.1.2.7
   * @throws RejectedException MALFORMED when it is not one, or is spelt otherwise than DER spells
   *     it; UNSUPPORTED_ALGORITHM when it is a key of another type, size or parameter set than the
   *     suite's; LIMIT_EXCEEDED over {@link #MAX_SPKI_BYTES}
   */
  public static VerificationKey of(SignatureSuite suite, Bytes spki) throws RejectedException {
    return new VerificationKey(suite, spki, SpkiReader.read(suite, spki));
  }

  /** The one suite that it verifies with. */
  public SignatureSuite suite() {
    return suite;
  }

  /** SubjectPublicKeyInfo in DER. */
  public Bytes spki() {
    return spki;
  }

  /** SHA-256 of the SubjectPublicKeyInfo. */
  public Digest keyId() {
    return keyId;
  }

  /**
   * Returns only when the signature is this key's over {@code message}.
   *
   * @param message whole: a suite that hashes first hashes it here
   * @param signature in the suite's encoding
   * @throws RejectedException BAD_SIGNATURE otherwise, whatever is wrong with it
   */
  public void verify(byte[] message, byte[] signature) throws RejectedException {
    String hash = suite.hash();
    check(hash == null ? message : Digest.digest(hash).digest(message), signature);
  }

  /**
   * The same for suites that hash first, given the hash: lets a caller hash a large image once.
   *
   * @param hash of the kind that {@link SignatureSuite#hash()} names
   * @throws RejectedException BAD_SIGNATURE as {@link #verify}
   * @throws IllegalStateException when the suite takes the message whole, or the hash is not as
   *     long as the suite's
   */
  public void verifyHash(byte[] hash, byte[] signature) throws RejectedException {
    String name = suite.hash();
    if (name == null) {
      throw new IllegalStateException(suite + " takes the message whole");
    }
    if (hash.length != Digest.digest(name).getDigestLength()) {
      throw new IllegalStateException("not a " + name + " hash");
    }
    check(hash, signature);
  }

  private void check(byte[] input, byte[] signature) throws RejectedException {
    boolean valid;
    try {
      valid = suite.takesSignatureOf(signature.length) && verifier.isValid(input, signature);
    } catch (RuntimeException e) {
      // Bouncy Castle reports some malformed signatures by unchecked exceptions: all of them are a
      // no.
      valid = false;
    }
    if (!valid) {
      throw new RejectedException(
          Reason.BAD_SIGNATURE,
          "signature by key " + keyId.abbreviated() + " (" + suite.code() + ") does not verify");
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof VerificationKey that && suite == that.suite && spki.equals(that.spki);
  }

  @Override
  public int hashCode() {
    return spki.hashCode();
  }

  @Override
  public String toString() {
    return suite.code() + ":" + keyId.abbreviated();
  }

  /** One suite's check with one key; input is the hash for suites that hash first. */
  interface SuiteVerifier {
    boolean isValid(byte[] input, byte[] signature);
  }
}
