package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A private key that somebody else's software made, and that is fit to be ours.
 *
 * @param handle of the private key
 * @param id its CKA_ID, which no other private key in the token has
 */
record Adoptee(long handle, Bytes id, VerificationKey publicKey) {

  /** Where the key lies, before it is known what it signs with. */
  record Place(long handle, Bytes id) {}

  /**
   * Finds it and judges it; nothing in the token changes.
   *
   * @throws BadKey saying why there is none
   */
  static Adoptee find(
      TokenObjects objects, SlotToken token, Pkcs11Uri uri, SuiteMechanism mechanism)
      throws CryptokiException {
    return of(objects, place(objects, token, uri), mechanism);
  }

  /**
   * The one private key that a URI means, fit to sign without a person.
   *
   * @throws BadKey saying why there is none
   */
  static Place place(TokenObjects objects, SlotToken token, Pkcs11Uri uri)
      throws CryptokiException {
    requireThisToken(objects, token, uri);
    long key = only(objects, uri);
    byte[] id =
        objects
            .bytes(key, Ck.CKA_ID)
            .orElseThrow(
                () ->
                    new BadKey(
                        "the key has no CKA_ID, by which its certificate would find it; give it one"
                            + " (pkcs11-tool --set-id)"));
    if (objects.withId(Ck.CKO_PRIVATE_KEY, id).size() != 1) {
      throw new BadKey("the token has other private keys of the same CKA_ID; give the key its own");
    }
    requireSigns(objects, key);
    return new Place(key, Bytes.copyOf(id));
  }

  /**
   * The same as a key of one suite.
   *
   * @throws BadKey when it is none
   */
  static Adoptee of(TokenObjects objects, Place place, SuiteMechanism mechanism)
      throws CryptokiException {
    OptionalLong type = objects.number(place.handle(), Ck.CKA_KEY_TYPE);
    if (type.isEmpty() || type.getAsLong() != mechanism.keyType()) {
      throw new BadKey(
          "the key is not "
              + (mechanism.isRsa() ? "an RSA key" : "on an elliptic curve")
              + ", as "
              + mechanism.suite().code()
              + " needs it");
    }
    return new Adoptee(
        place.handle(),
        place.id(),
        publicKey(objects, place.handle(), place.id().toByteArray(), mechanism));
  }

  private static void requireThisToken(TokenObjects objects, SlotToken token, Pkcs11Uri uri) {
    if (uri.pinSource().isPresent()) {
      throw new BadKey("pin-source has no place here: the token is open");
    }
    boolean sameModule =
        uri.modulePath().filter(path -> !objects.module().isLoadedFrom(path)).isEmpty();
    if (!sameModule || !token.fits(uri)) {
      throw new BadKey(uri.ofToken() + " is not the open token " + token.described());
    }
  }

  private static long only(TokenObjects objects, Pkcs11Uri uri) throws CryptokiException {
    if (uri.object().isEmpty() && uri.id().isEmpty()) {
      throw new BadKey("the PKCS#11 URI names no key: add object=LABEL or id=%01");
    }
    Template template = Template.tokenObject(Ck.CKO_PRIVATE_KEY);
    uri.object().ifPresent(label -> template.with(Ck.CKA_LABEL, label));
    uri.id().ifPresent(id -> template.with(Ck.CKA_ID, id.toByteArray()));
    List<Long> keys = objects.find(template);
    if (keys.isEmpty()) {
      throw new BadKey("the token has no private key that fits " + uri);
    }
    if (keys.size() > 1) {
      throw new BadKey(
          keys.size() + " private keys fit " + uri + ": add what tells them apart, object or id");
    }
    return keys.get(0);
  }

  private static void requireSigns(TokenObjects objects, long key) throws CryptokiException {
    if (!objects.flag(key, Ck.CKA_SIGN)) {
      throw new BadKey("the key may not sign (CKA_SIGN is false)");
    }
    if (objects.flag(key, Ck.CKA_ALWAYS_AUTHENTICATE)) {
      throw new BadKey(
          "the key asks for its PIN before each signature (CKA_ALWAYS_AUTHENTICATE), which nobody"
              + " is there to type");
    }
  }

  /** Of all that claims to be the public half; the key's own signature will show if it is. */
  private static VerificationKey publicKey(
      TokenObjects objects, long key, byte[] id, SuiteMechanism mechanism)
      throws CryptokiException {
    Set<Bytes> found = new LinkedHashSet<>();
    PublicHalf.read(objects, key, mechanism).ifPresent(found::add);
    for (long object : objects.withId(Ck.CKO_PUBLIC_KEY, id)) {
      PublicHalf.read(objects, object, mechanism).ifPresent(found::add);
    }
    if (found.isEmpty()) {
      for (long certificate : objects.withId(Ck.CKO_CERTIFICATE, id)) {
        objects.bytes(certificate, Ck.CKA_VALUE).flatMap(Adoptee::certified).ifPresent(found::add);
      }
    }
    if (found.isEmpty()) {
      throw new BadKey(
          "the key's public half is not in the token: store a public key or a certificate of the"
              + " same CKA_ID");
    }
    if (found.size() > 1) {
      throw new BadKey("the token has different public keys of the same CKA_ID");
    }
    SignatureSuite suite = mechanism.suite();
    try {
      return VerificationKey.of(suite, found.iterator().next());
    } catch (RejectedException e) {
      throw new BadKey("not a key of " + suite.code() + ": " + e.getMessage());
    }
  }

  private static Optional<Bytes> certified(byte[] der) {
    try {
      return Optional.of(
          Bytes.copyOf(
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(der))
                  .getPublicKey()
                  .getEncoded()));
    } catch (CertificateException | RuntimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Sees to it that the key stays in the token from now on. PKCS#11 lets both attributes be changed
   * in this one direction, for good.
   *
   * @throws BadKey when the token does not do it
   */
  void keepInside(TokenObjects objects) throws CryptokiException {
    KeyProtection protection = KeyProtection.read(objects, handle);
    Template change = new Template();
    if (!protection.sensitive()) {
      change.with(Ck.CKA_SENSITIVE, true);
    }
    if (protection.extractable()) {
      change.with(Ck.CKA_EXTRACTABLE, false);
    }
    if (!change.values().isEmpty()) {
      try {
        objects.set(handle, change);
      } catch (CryptokiException e) {
        throw staysOpen(String.valueOf(e.getMessage()));
      }
    }
    if (!KeyProtection.read(objects, handle).staysInside()) {
      throw staysOpen("it changed nothing");
    }
  }

  private static BadKey staysOpen(String why) {
    return new BadKey(
        "the key can be taken out of the token (not sensitive, or extractable), and the token does"
            + " not let that be ended: "
            + why);
  }
}
