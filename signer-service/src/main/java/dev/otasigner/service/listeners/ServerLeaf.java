package dev.otasigner.service.listeners;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.authority.Authorities;
import dev.otasigner.service.authority.AuthorityKind;
import dev.otasigner.verifier.device.ClientKeyType;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key and certificate a listener shows. The key is made in memory and never stored; both are
 * replaced when a third of the certificate's life is left, without closing a connection.
 */
final class ServerLeaf extends X509ExtendedKeyManager {
  private static final Duration VALIDITY = Duration.ofDays(90);
  private static final Duration REPLACED_BEFORE_END = Duration.ofDays(30);
  private static final int KEPT = 2;

  private static final Duration RETRIED_AFTER = Duration.ofMinutes(1);
  private static final Logger log = LoggerFactory.getLogger(ServerLeaf.class);

  private final ClientKeyType type;
  private final Function<PublicKey, List<X509Certificate>> certify;
  private final Clock clock;
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private final ReentrantLock replacing = new ReentrantLock();
  private volatile Entry current;
  private volatile Instant retry = Instant.MIN;

  ServerLeaf(
      ClientKeyType type, ServerNames names, Authorities authorities, AuditLog audit, Clock clock) {
    this(type, key -> certified(key, type, names, authorities, audit), clock);
  }

  /**
   * With certificates from elsewhere.
   *
   * @param certify gives a key's chain, its own certificate first
   */
  ServerLeaf(ClientKeyType type, Function<PublicKey, List<X509Certificate>> certify, Clock clock) {
    this.type = type;
    this.certify = certify;
    this.clock = clock;
    this.current = issue();
  }

  private static List<X509Certificate> certified(
      PublicKey key,
      ClientKeyType type,
      ServerNames names,
      Authorities authorities,
      AuditLog audit) {
    List<X509Certificate> chain =
        authorities.issue(
            AuthorityKind.SERVER,
            new Authorities.Subject(
                "localhost",
                names.inCertificate(),
                SubjectPublicKeyInfo.getInstance(key.getEncoded()),
                type),
            VALIDITY);
    audit.record(
        Actor.SYSTEM,
        "listener.certified",
        "certificate:" + serial(chain),
        Authorities.told(chain));
    return chain;
  }

  private static String serial(List<X509Certificate> chain) {
    return chain.get(0).getSerialNumber().toString(Character.MAX_RADIX);
  }

  private record Entry(
      String alias, PrivateKey key, List<X509Certificate> chain, Instant replaced) {}

  private Entry issue() {
    KeyPair pair = generate(type);
    List<X509Certificate> chain = certify.apply(pair.getPublic());
    Entry entry =
        new Entry(
            serial(chain),
            pair.getPrivate(),
            chain,
            clock.instant().plus(VALIDITY).minus(REPLACED_BEFORE_END));
    entries.put(entry.alias, entry);
    return entry;
  }

  private static KeyPair generate(ClientKeyType type) {
    try {
      KeyPairGenerator generator =
          KeyPairGenerator.getInstance(type == ClientKeyType.RSA_2048 ? "RSA" : "EC");
      switch (type) {
        case RSA_2048 -> generator.initialize(2048);
        case P_256 -> generator.initialize(new ECGenParameterSpec("secp256r1"));
        case P_384 -> generator.initialize(new ECGenParameterSpec("secp384r1"));
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK makes no " + type.code() + " keys", e);
    }
  }

  /**
   * The newest entry; handshakes under way keep the one they began with, by its alias. One
   * handshake has it replaced while the others go on; where that fails, all go on, for a third of
   * the certificate's life is left.
   */
  private Entry current() {
    Entry shown = current;
    Instant now = clock.instant();
    if (now.isAfter(shown.replaced) && now.isAfter(retry) && replacing.tryLock()) {
      try {
        if (now.isAfter(current.replaced)) {
          Entry before = current;
          current = issue();
          if (entries.size() > KEPT) {
            entries.keySet().removeIf(a -> !a.equals(before.alias) && !a.equals(current.alias));
          }
        }
      } catch (RuntimeException e) {
        retry = now.plus(RETRIED_AFTER);
        log.warn("a listener's {} certificate is not replaced yet", type.code(), e);
      } finally {
        replacing.unlock();
      }
    }
    return current;
  }

  /** Bouncy Castle asks for a curve as well. */
  private boolean isOf(String keyType) {
    return switch (type) {
      case RSA_2048 -> keyType.equals("RSA");
      case P_256 -> keyType.equals("EC") || keyType.equals("EC/secp256r1");
      case P_384 -> keyType.equals("EC") || keyType.equals("EC/secp384r1");
    };
  }

  @Override
  public @Nullable String chooseEngineServerAlias(
      String keyType, Principal @Nullable [] issuers, SSLEngine engine) {
    return isOf(keyType) ? current().alias : null;
  }

  @Override
  public @Nullable String chooseServerAlias(
      String keyType, Principal @Nullable [] issuers, Socket socket) {
    return isOf(keyType) ? current().alias : null;
  }

  @Override
  public X509Certificate @Nullable [] getCertificateChain(String alias) {
    Entry entry = entries.get(alias);
    return entry == null ? null : entry.chain.toArray(X509Certificate[]::new);
  }

  @Override
  public @Nullable PrivateKey getPrivateKey(String alias) {
    Entry entry = entries.get(alias);
    return entry == null ? null : entry.key;
  }

  @Override
  public String @Nullable [] getServerAliases(String keyType, Principal @Nullable [] issuers) {
    return isOf(keyType) ? new String[] {current().alias} : null;
  }

  /** Never a client. */
  @Override
  public String @Nullable [] getClientAliases(String keyType, Principal @Nullable [] issuers) {
    return null;
  }

  /** Never a client. */
  @Override
  public @Nullable String chooseClientAlias(
      String[] keyType, Principal @Nullable [] issuers, Socket socket) {
    return null;
  }
}
