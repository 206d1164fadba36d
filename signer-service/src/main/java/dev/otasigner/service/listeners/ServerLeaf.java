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
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.jspecify.annotations.Nullable;

/**
 * The key and certificate a listener shows. The key is made in memory and never stored; both are
 * replaced when a third of the certificate's life is left, without closing a connection.
 */
final class ServerLeaf extends X509ExtendedKeyManager {
  private static final Duration VALIDITY = Duration.ofDays(90);
  private static final Duration REPLACED_BEFORE_END = Duration.ofDays(30);
  private static final int KEPT = 2;

  private final ClientKeyType type;
  private final List<String> names;
  private final Authorities authorities;
  private final AuditLog audit;
  private final Clock clock;
  private final Map<String, Entry> entries = new ConcurrentHashMap<>();
  private volatile Entry current;

  ServerLeaf(
      ClientKeyType type,
      List<String> names,
      Authorities authorities,
      AuditLog audit,
      Clock clock) {
    this.type = type;
    this.names = List.copyOf(names);
    this.authorities = authorities;
    this.audit = audit;
    this.clock = clock;
    this.current = issue();
  }

  private record Entry(
      String alias, PrivateKey key, List<X509Certificate> chain, Instant replaced) {}

  private Entry issue() {
    KeyPair pair = generate(type);
    List<X509Certificate> chain =
        authorities.issue(
            AuthorityKind.SERVER,
            new Authorities.Subject(
                "localhost",
                subjectNames(),
                SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()),
                type),
            VALIDITY);
    String serial = chain.get(0).getSerialNumber().toString(Character.MAX_RADIX);
    audit.record(
        Actor.SYSTEM, "listener.certified", "certificate:" + serial, Authorities.told(chain));
    Entry entry =
        new Entry(
            serial,
            pair.getPrivate(),
            chain,
            clock.instant().plus(VALIDITY).minus(REPLACED_BEFORE_END));
    entries.put(entry.alias, entry);
    return entry;
  }

  private GeneralNames subjectNames() {
    List<GeneralName> all = new ArrayList<>();
    all.add(new GeneralName(GeneralName.dNSName, "localhost"));
    all.add(new GeneralName(GeneralName.iPAddress, "127.0.0.1"));
    for (String name : names) {
      boolean address = name.indexOf(':') >= 0 || name.matches("[0-9.]+");
      all.add(new GeneralName(address ? GeneralName.iPAddress : GeneralName.dNSName, name));
    }
    return new GeneralNames(all.toArray(GeneralName[]::new));
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

  /** The newest entry; handshakes under way keep the one they began with, by its alias. */
  private Entry current() {
    if (clock.instant().isAfter(current.replaced)) {
      synchronized (this) {
        if (clock.instant().isAfter(current.replaced)) {
          Entry before = current;
          current = issue();
          if (entries.size() > KEPT) {
            entries.keySet().removeIf(a -> !a.equals(before.alias) && !a.equals(current.alias));
          }
        }
      }
    }
    return current;
  }

  private boolean isOf(String keyType) {
    return keyType.equals(type == ClientKeyType.RSA_2048 ? "RSA" : "EC");
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
