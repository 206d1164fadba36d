package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.NotSupported;
import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.KeyOperationException.WrongSignature;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * What a worker says of a key that it hands to another one.
 *
 * @param rule how far it let the key go, which is as far as it may go from now on
 */
public record MovedKey(String name, SignatureSuite suite, Rule rule) {
  private static final byte[] TRIAL =
      "ota-signer: a key that was moved signs".getBytes(StandardCharsets.US_ASCII);

  public MovedKey {
    if (rule.moved().isEmpty()) {
      throw new IllegalArgumentException("a key that moves says when");
    }
  }

  /**
   * The key as its token knows it: name and purpose are what it was sealed with.
   *
   * @throws Refused PURPOSE_MISMATCH when the rule is for another purpose
   */
  static MovedKey of(Token token, Rule rule, Moved moved) {
    if (!(token instanceof Token.Listing listing)) {
      throw new NotSupported("this token does not tell its keys");
    }
    Optional<TokenKey> found =
        listing.keys().stream().filter(key -> key.keyId().equals(rule.keyId())).findFirst();
    TokenKey key = found.orElseThrow(() -> new NoSuchKey(rule.keyId()));
    if (key.purpose() != rule.purpose()) {
      throw new Refused(
          RefusalCode.PURPOSE_MISMATCH,
          "key " + rule.keyId().abbreviated() + " was made for " + key.purpose().code());
    }
    return new MovedKey(key.name(), key.suite(), rule.moving(moved));
  }

  KeySpec spec() {
    return new KeySpec(name, suite, rule.purpose());
  }

  void requireIs(VerificationKey given) {
    if (!given.keyId().equals(rule.keyId())) {
      throw new BadKey("the key that came is not the one that its rule names");
    }
  }

  /**
   * Demands that the key signs where it is now. What it signs here means nothing and goes nowhere.
   *
   * @throws WrongSignature when it signs something else
   */
  void requireSigns(Token token) {
    try {
      VerificationKey key = token.publicKey(rule.keyId());
      key.verify(TRIAL, token.sign(rule.keyId(), SigningInput.message(TRIAL)));
    } catch (RejectedException e) {
      throw new WrongSignature(rule.keyId());
    }
  }
}
