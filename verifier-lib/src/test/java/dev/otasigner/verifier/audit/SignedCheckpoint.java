package dev.otasigner.verifier.audit;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;

/** An audit key of the JDK's, so that what signs is not what verifies. */
final class SignedCheckpoint {
  private SignedCheckpoint() {}

  static KeyPair keyPair() {
    try {
      return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static AuditKey key(KeyPair pair) {
    try {
      return AuditKey.ofSpki(Bytes.copyOf(pair.getPublic().getEncoded()));
    } catch (RejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] signature(byte[] text, KeyPair pair) {
    try {
      Signature signature = Signature.getInstance("Ed25519");
      signature.initSign(pair.getPrivate());
      signature.update(text);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  static byte[] note(Checkpoint checkpoint, KeyPair pair) {
    return checkpoint.note(key(pair), signature(checkpoint.text(), pair));
  }
}
