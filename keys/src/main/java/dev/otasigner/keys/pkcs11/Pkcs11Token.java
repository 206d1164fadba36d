package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.NameTaken;
import dev.otasigner.keys.KeyOperationException.NoSuchKey;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import java.io.IOException;
import java.security.AuthProvider;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.security.auth.login.LoginException;

/**
 * A token behind PKCS#11, through the JDK's provider. Objects in it that are not ours (no
 * certificate of {@link KeyCertificate}'s form) are left alone and not listed.
 *
 * <p>A module that was lost stays lost for the process: the JDK's provider does not find it again.
 * Whoever runs this in a process of its own can start it anew.
 */
public final class Pkcs11Token implements Token, Token.Listing, Token.Destruction {
  private final Provider provider;
  private final KeyStore store;
  private final ModuleSigner signer;
  private final Map<Digest, Held> keys = new TreeMap<>(java.util.Comparator.comparing(Digest::hex));
  private boolean closed;

  private record Held(TokenKey key, PrivateKey handle) {}

  private Pkcs11Token(Provider provider, KeyStore store) {
    this.provider = provider;
    this.store = store;
    this.signer = new ModuleSigner(provider);
  }

  /**
   * Logs in, once: a module counts wrong PINs and locks.
   *
   * @throws PinRefused when the module refuses the PIN, which must not be tried again then
   * @throws TokenUnavailable when the module does not load, or has no token
   */
  public static Pkcs11Token open(Pkcs11Module module, Passphrase pin) {
    Provider provider = module.load();
    char[] typed = pin.characters();
    try {
      KeyStore store = KeyStore.getInstance("PKCS11", provider);
      store.load(null, typed);
      Pkcs11Token token = new Pkcs11Token(provider, store);
      token.read();
      return token;
    } catch (IOException e) {
      throw e.getCause() != null && e.getCause().getCause() instanceof LoginException
          ? new PinRefused(
              "the module refuses the PIN; it is not tried again, for a module locks after a few"
                  + " wrong ones")
          : new TokenUnavailable("the token cannot be opened", e);
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenUnavailable("the token cannot be opened", e);
    } finally {
      Arrays.fill(typed, '\0');
    }
  }

  private void read() throws GeneralSecurityException {
    for (String alias : Collections.list(store.aliases())) {
      Certificate certificate = store.getCertificate(alias);
      if (store.isKeyEntry(alias) && certificate instanceof X509Certificate x509) {
        Optional<TokenKey> key = KeyCertificate.read(x509);
        if (key.isPresent() && key.get().name().equals(alias)) {
          hold(key.get(), (PrivateKey) store.getKey(alias, null));
        }
      }
    }
  }

  private void hold(TokenKey key, PrivateKey handle) {
    keys.put(key.keyId(), new Held(key, handle));
  }

  @Override
  public synchronized TokenKey generate(KeySpec spec) {
    requireOpen();
    if (!signer.supports(spec.suite())) {
      throw ModuleSigner.notSupported(spec.suite());
    }
    try {
      if (store.containsAlias(spec.name())) {
        throw new NameTaken("the token has a key named '" + spec.name() + "'");
      }
      KeyPair pair = generator(spec.suite()).generateKeyPair();
      VerificationKey publicKey =
          VerificationKey.of(spec.suite(), Bytes.copyOf(pair.getPublic().getEncoded()));
      X509Certificate certificate =
          KeyCertificate.make(
              spec, publicKey, message -> signed(publicKey, pair.getPrivate(), message));
      store.setKeyEntry(
          spec.name(), pair.getPrivate(), new char[0], new Certificate[] {certificate});
      TokenKey key = new TokenKey(spec.name(), spec.purpose(), publicKey);
      hold(key, (PrivateKey) store.getKey(spec.name(), null));
      return key;
    } catch (RejectedException e) {
      throw new TokenUnavailable("the module made a key of another kind", e);
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenUnavailable("the module made no key", e);
    }
  }

  private KeyPairGenerator generator(SignatureSuite suite) throws GeneralSecurityException {
    boolean ec = suite.family() == SignatureSuite.Family.ECDSA;
    KeyPairGenerator generator = KeyPairGenerator.getInstance(ec ? "EC" : "RSA", provider);
    AlgorithmParameterSpec parameters =
        ec
            ? new ECGenParameterSpec("secp" + suite.parameter() + "r1")
            : new RSAKeyGenParameterSpec(suite.parameter(), RSAKeyGenParameterSpec.F4);
    generator.initialize(parameters);
    return generator;
  }

  private byte[] signed(VerificationKey publicKey, PrivateKey handle, byte[] message) {
    try {
      return signer.sign(publicKey, handle, SigningInput.message(message));
    } catch (GeneralSecurityException e) {
      throw new TokenUnavailable("the module did not sign", e);
    }
  }

  @Override
  public synchronized Optional<TokenKey> find(String name) {
    requireOpen();
    return keys.values().stream().map(Held::key).filter(k -> k.name().equals(name)).findFirst();
  }

  @Override
  public synchronized List<TokenKey> keys() {
    requireOpen();
    return keys.values().stream()
        .map(Held::key)
        .sorted(java.util.Comparator.comparing(TokenKey::name))
        .toList();
  }

  @Override
  public VerificationKey publicKey(Digest keyId) {
    return held(keyId).key().publicKey();
  }

  @Override
  public byte[] sign(Digest keyId, SigningInput input) {
    Held held = held(keyId);
    try {
      return signer.sign(held.key().publicKey(), held.handle(), input);
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenUnavailable("the module did not sign", e);
    }
  }

  private synchronized Held held(Digest keyId) {
    requireOpen();
    Held held = keys.get(keyId);
    if (held == null) {
      throw new NoSuchKey(keyId);
    }
    return held;
  }

  @Override
  public synchronized void destroy(Digest keyId) {
    Held held = held(keyId);
    try {
      store.deleteEntry(held.key().name());
      keys.remove(keyId);
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenUnavailable("the module did not erase the key", e);
    }
  }

  /** What the module says of a private key, for a person: its attributes, never its value. */
  synchronized String attributes(Digest keyId) {
    return held(keyId).handle().toString();
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
      keys.clear();
      try {
        ((AuthProvider) provider).logout();
      } catch (LoginException | ProviderException e) {
        // The module is gone, and with it the session.
      }
    }
  }

  @Override
  public String toString() {
    return "a PKCS#11 token";
  }
}
