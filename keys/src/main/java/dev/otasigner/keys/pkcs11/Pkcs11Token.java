package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.PrivateKeyParts;
import dev.otasigner.keys.soft.SoftKey;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * A token behind PKCS#11. A key is ours when a certificate of {@link KeyCertificate}'s form lies
 * beside it; whatever else is in the token is left alone and not listed.
 *
 * <p>A module that was lost stays lost for the process. Whoever runs this in a process of its own
 * can start it anew.
 */
public final class Pkcs11Token
    implements Token,
        Token.Listing,
        Token.Import,
        Token.Adoption,
        Token.Destruction,
        Token.Reread,
        Token.Unfinished,
        Token.Probe {
  private static final int CHALLENGE_BYTES = 32;

  private final Sessions sessions;
  private final SecureRandom random = new SecureRandom();
  private volatile KeyTable keys = KeyTable.EMPTY;
  private volatile boolean closed;

  private Pkcs11Token(Sessions sessions) {
    this.sessions = sessions;
  }

  /**
   * Logs in, once: a module counts wrong PINs and locks.
   *
   * @throws PinRefused when the module refuses the PIN, which must not be tried again then
   * @throws TokenUnavailable when the module does not load, or has no token
   */
  public static Pkcs11Token open(Pkcs11Module module, Passphrase pin) {
    return over(module.login(pin));
  }

  static Pkcs11Token over(Sessions sessions) {
    Pkcs11Token token = new Pkcs11Token(sessions);
    boolean opened = false;
    try {
      token.read();
      opened = true;
      return token;
    } finally {
      if (!opened) {
        sessions.close();
      }
    }
  }

  @Override
  public void reread() {
    read();
  }

  /** Another process may have changed what is there. */
  private synchronized KeyTable read() {
    KeyTable read = using("tell its keys", KeyTable::read);
    keys = read;
    return read;
  }

  private <T> T using(String what, Sessions.Work<T> work) {
    requireOpen();
    try {
      return sessions.use(work);
    } catch (CryptokiException e) {
      throw failed(what, e);
    }
  }

  private <T> T changing(String what, Sessions.Work<T> work) {
    requireOpen();
    try {
      return sessions.change(work);
    } catch (CryptokiException e) {
      throw failed(what, e);
    }
  }

  private static TokenUnavailable failed(String what, CryptokiException e) {
    return new TokenUnavailable("the module did not " + what + ": " + e.getMessage(), e);
  }

  @Override
  public synchronized TokenKey generate(KeySpec spec) {
    SuiteMechanism mechanism = SuiteMechanism.of(spec.suite());
    return changing(
        "make the key",
        objects -> {
          mechanism.requireGeneration(objects.module(), sessions.token().slot());
          requireFree(spec.name());
          return held(new KeyWriter(objects, spec).generate());
        });
  }

  private void requireFree(String name) {
    if (read().named(name).isPresent()) {
      throw new NameTaken("the token has a key named '" + name + "'");
    }
  }

  private void requireNew(VerificationKey key) {
    keys.of(key.keyId())
        .ifPresent(
            held -> {
              throw new NameTaken("the token has this key as '" + held.key().name() + "'");
            });
  }

  private TokenKey held(Held key) {
    keys = keys.with(key);
    return key.key();
  }

  @Override
  public VerificationKey publicHalf(SignatureSuite suite, byte[] pkcs8) {
    return SoftKey.publicHalf(suite, pkcs8);
  }

  @Override
  public synchronized TokenKey importKey(KeySpec spec, byte[] pkcs8) {
    SuiteMechanism mechanism = SuiteMechanism.of(spec.suite());
    try (PrivateKeyParts parts = PrivateKeyParts.of(spec.suite(), pkcs8)) {
      return changing(
          "take in the key",
          objects -> {
            mechanism.requireSigning(objects.module(), sessions.token().slot());
            requireFree(spec.name());
            requireNew(parts.publicKey());
            return held(new KeyWriter(objects, spec).store(parts));
          });
    } finally {
      Arrays.fill(pkcs8, (byte) 0);
    }
  }

  @Override
  public VerificationKey publicHalf(SignatureSuite suite, String uri) {
    return using("show the key", objects -> adoptee(objects, suite, uri).publicKey());
  }

  @Override
  public synchronized TokenKey adopt(KeySpec spec, String uri) {
    return changing(
        "take up the key",
        objects -> {
          Adoptee adoptee = adoptee(objects, spec.suite(), uri);
          requireFree(spec.name());
          requireNew(adoptee.publicKey());
          return held(new KeyWriter(objects, spec).adopt(adoptee));
        });
  }

  private Adoptee adoptee(TokenObjects objects, SignatureSuite suite, String uri)
      throws CryptokiException {
    SuiteMechanism mechanism = SuiteMechanism.of(suite);
    mechanism.requireSigning(objects.module(), sessions.token().slot());
    try {
      return Adoptee.find(objects, sessions.token(), Pkcs11Uri.parse(uri), mechanism);
    } catch (IllegalArgumentException e) {
      throw new BadKey(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public Optional<TokenKey> find(String name) {
    requireOpen();
    return keys.named(name).or(() -> read().named(name)).map(Held::key);
  }

  @Override
  public List<TokenKey> keys() {
    return read().all().stream()
        .map(Held::key)
        .sorted(Comparator.comparing(TokenKey::name))
        .toList();
  }

  @Override
  public Optional<KeyPurpose> purposeOf(Digest keyId) {
    requireOpen();
    return keys.of(keyId).or(() -> read().of(keyId)).map(held -> held.key().purpose());
  }

  @Override
  public VerificationKey publicKey(Digest keyId) {
    return require(keyId).key().publicKey();
  }

  @Override
  public byte[] sign(Digest keyId, SigningInput input) {
    Held held = require(keyId);
    return using("sign", objects -> held.sign(objects, input));
  }

  private Held require(Digest keyId) {
    requireOpen();
    return keys.of(keyId).or(() -> read().of(keyId)).orElseThrow(() -> new NoSuchKey(keyId));
  }

  /** How the token keeps the key, asked now. */
  public KeyProtection protection(Digest keyId) {
    Held held = require(keyId);
    return using("tell of the key", objects -> KeyProtection.read(objects, held.handle()));
  }

  @Override
  public List<String> unfinished() {
    return using("tell what was left in it", KeyWriter::unfinished);
  }

  @Override
  public synchronized void destroy(Digest keyId) {
    Held held = require(keyId);
    byte[] id = held.id().toByteArray();
    changing(
        "erase the key",
        objects -> {
          objects.destroy(objects.withId(Ck.CKO_PRIVATE_KEY, id));
          objects.destroy(objects.withId(Ck.CKO_PUBLIC_KEY, id));
          List<Long> ours = new ArrayList<>();
          for (long certificate : objects.withId(Ck.CKO_CERTIFICATE, id)) {
            if (objects
                .bytes(certificate, Ck.CKA_VALUE)
                .flatMap(KeyCertificate::read)
                .isPresent()) {
              ours.add(certificate);
            }
          }
          objects.destroy(ours);
          return ours;
        });
    if (read().of(keyId).isPresent()) {
      throw new TokenUnavailable("the module did not erase the key");
    }
  }

  @Override
  public Probed probe() {
    Optional<ProbeKey> found = using("find its probe", ProbeKey::find);
    ProbeKey key = found.isPresent() ? found.get() : madeProbe();
    byte[] challenge = new byte[CHALLENGE_BYTES];
    random.nextBytes(challenge);
    byte[] signature =
        using(
            "sign",
            objects ->
                SuiteMechanism.of(key.publicKey().suite())
                    .sign(objects, key.handle(), SigningInput.message(challenge)));
    return new Probed(key.publicKey(), Bytes.copyOf(challenge), Bytes.copyOf(signature));
  }

  private synchronized ProbeKey madeProbe() {
    return changing(
            "make its probe",
            objects -> {
              if (ProbeKey.find(objects).isEmpty()) {
                ProbeKey.make(objects, sessions.token().slot(), KeyWriter.newId());
              }
              return ProbeKey.find(objects);
            })
        .orElseThrow(() -> new TokenUnavailable("the module did not keep its probe"));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the token is closed");
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      keys = KeyTable.EMPTY;
      sessions.close();
    }
  }

  @Override
  public String toString() {
    return "PKCS#11 token " + sessions.token().described();
  }
}
