package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.util.List;
import java.util.Optional;

/**
 * The key that shows that a token signs, and serves nothing else. It has no certificate, and a
 * label that is no name of a key of ours. It lies in the token and not in a session: a key of the
 * session signs on after the token behind it was taken away.
 */
record ProbeKey(long handle, VerificationKey publicKey) {
  static final String LABEL = "ota-signer probe";

  private static final List<SignatureSuite> SUITES =
      List.of(SignatureSuite.ECDSA_P256_SHA256, SignatureSuite.RSA_PKCS1_2048_SHA256);

  static Optional<ProbeKey> find(TokenObjects objects) throws CryptokiException {
    Template template =
        Template.tokenObject(Ck.CKO_PRIVATE_KEY).with(Ck.CKA_LABEL, LABEL).with(Ck.CKA_SIGN, true);
    for (long key : objects.find(template)) {
      Optional<byte[]> id = objects.bytes(key, Ck.CKA_ID);
      if (id.isPresent()) {
        for (long half : objects.withId(Ck.CKO_PUBLIC_KEY, id.get())) {
          Optional<VerificationKey> publicKey = read(objects, half);
          if (publicKey.isPresent()) {
            return Optional.of(new ProbeKey(key, publicKey.get()));
          }
        }
      }
    }
    return Optional.empty();
  }

  private static Optional<VerificationKey> read(TokenObjects objects, long publicKey)
      throws CryptokiException {
    for (SignatureSuite suite : SUITES) {
      Optional<Bytes> spki = PublicHalf.read(objects, publicKey, SuiteMechanism.of(suite));
      if (spki.isPresent()) {
        try {
          return Optional.of(VerificationKey.of(suite, spki.get()));
        } catch (RejectedException e) {
          // a key of another suite; the next one may fit
        }
      }
    }
    return Optional.empty();
  }

  /**
   * Makes it, of the first suite that the token does.
   *
   * @throws NotSupported when it does none
   */
  static void make(TokenObjects objects, long slot, byte[] id) throws CryptokiException {
    SuiteMechanism mechanism = firstOf(objects, slot);
    objects.generate(
        mechanism.generationCode(),
        mechanism.complete(Template.publicKey(mechanism.keyType(), id, LABEL)),
        Template.privateKey(mechanism.keyType(), id, LABEL));
  }

  private static SuiteMechanism firstOf(TokenObjects objects, long slot) throws CryptokiException {
    for (SignatureSuite suite : SUITES) {
      SuiteMechanism mechanism = SuiteMechanism.of(suite);
      try {
        mechanism.requireGeneration(objects.module(), slot);
        return mechanism;
      } catch (NotSupported e) {
        // the next one may do
      }
    }
    throw new NotSupported("this token signs with no suite that a probe could use");
  }
}
