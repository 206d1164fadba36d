package dev.otasigner.service.authority;

import dev.otasigner.keys.CertificateSigner;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.keyring.KeySignatures;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.ClientKeyType;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.bc.BcX509ExtensionUtils;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Issues certificates under the service's own authorities, which are made when first needed. */
@Component
public class Authorities {
  /** Devices pin an authority for as long as a build lives. */
  private static final Duration AUTHORITY_VALIDITY = Duration.ofDays(30 * 365L);

  /** Clocks differ. */
  private static final Duration BACKDATED = Duration.ofHours(1);

  private static final int SERIAL_BITS = 127;

  private final ServiceKeys keys;
  private final KeySignatures signatures;
  private final JdbcClient jdbc;
  private final AuditLog audit;
  private final TransactionTemplate transaction;
  private final Clock clock;
  private final SecureRandom random = new SecureRandom();
  private final Map<String, Authority> known = new ConcurrentHashMap<>();

  Authorities(
      ServiceKeys keys,
      KeySignatures signatures,
      JdbcClient jdbc,
      AuditLog audit,
      TransactionTemplate transaction,
      Clock clock) {
    this.keys = keys;
    this.signatures = signatures;
    this.jdbc = jdbc;
    this.audit = audit;
    this.transaction = transaction;
    this.clock = clock;
  }

  /**
   * An authority.
   *
   * @param key in the token
   * @param certificate self-signed
   */
  public record Authority(VerificationKey key, X509Certificate certificate) {}

  /**
   * Whom a certificate is to be made out to.
   *
   * @param commonName of the subject
   * @param names that clients or servers compare
   */
  public record Subject(
      String commonName, GeneralNames names, SubjectPublicKeyInfo key, ClientKeyType keyType) {}

  /** The authority, made and recorded when it is first asked for. */
  public Authority authority(AuthorityKind kind, AuthorityKeyType type) {
    String name = kind.purpose().code() + "-" + type.code();
    Authority authority = known.get(name);
    if (authority == null) {
      synchronized (this) {
        authority = known.get(name);
        if (authority == null) {
          authority = loadOrMake(name, kind, type);
          known.put(name, authority);
        }
      }
    }
    return authority;
  }

  /** Both authorities of a kind. */
  public List<Authority> authorities(AuthorityKind kind) {
    return Arrays.stream(AuthorityKeyType.values()).map(type -> authority(kind, type)).toList();
  }

  /** The certificates of the authorities that were made so far. */
  List<X509Certificate> made() {
    return jdbc.sql("select certificate from authority_certificate order by key_id")
        .query((row, n) -> parse(row.getBytes(1)))
        .list();
  }

  /**
   * The leaf and the authority's certificate, in the order TLS sends them. Whoever gives it away
   * records it, with {@link #told}.
   */
  public List<X509Certificate> issue(AuthorityKind kind, Subject subject, Duration validity) {
    Authority issuer = authority(kind, AuthorityKeyType.forKey(subject.keyType()));
    X509v3CertificateBuilder builder =
        builder(
            X500Name.getInstance(issuer.certificate().getSubjectX500Principal().getEncoded()),
            name(subject.commonName()),
            validity,
            subject.key());
    try {
      BcX509ExtensionUtils identifiers = new BcX509ExtensionUtils();
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
          .addExtension(
              Extension.extendedKeyUsage,
              false,
              new ExtendedKeyUsage(
                  kind == AuthorityKind.DEVICE
                      ? KeyPurposeId.id_kp_clientAuth
                      : KeyPurposeId.id_kp_serverAuth))
          .addExtension(Extension.subjectAlternativeName, false, subject.names())
          .addExtension(
              Extension.authorityKeyIdentifier,
              false,
              identifiers.createAuthorityKeyIdentifier(spki(issuer.key())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return List.of(sign(builder, issuer.key()), issuer.certificate());
  }

  /** Which certificate was signed, and by which key: what a record of it says. */
  public static Map<String, String> told(List<X509Certificate> chain) {
    return told(chain.get(0), Digest.of(chain.get(1).getPublicKey().getEncoded()));
  }

  private static Map<String, String> told(X509Certificate certificate, Digest issuer) {
    try {
      return Map.of(
          "certificate", Digest.of(certificate.getEncoded()).hex(), "issuer", issuer.hex());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }

  private Authority loadOrMake(String name, AuthorityKind kind, AuthorityKeyType type) {
    VerificationKey key = keys.ensure(name, kind.purpose(), type.suite());
    Optional<byte[]> stored =
        jdbc.sql("select certificate from authority_certificate where key_id = ?")
            .param(key.keyId().hex())
            .query((row, n) -> row.getBytes(1))
            .optional();
    if (stored.isPresent()) {
      return new Authority(key, parse(stored.get()));
    }
    X500Name subject = name("OTA Signer " + kind.title() + " CA " + type.code());
    X509v3CertificateBuilder builder = builder(subject, subject, AUTHORITY_VALIDITY, spki(key));
    try {
      builder
          .addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign))
          .addExtension(
              Extension.subjectKeyIdentifier,
              false,
              new BcX509ExtensionUtils().createSubjectKeyIdentifier(spki(key)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Authority authority = new Authority(key, sign(builder, key));
    transaction.executeWithoutResult(
        status -> {
          store(authority, kind, type);
          audit.record(
              Actor.SYSTEM,
              "authority.created",
              "authority:" + name,
              told(authority.certificate(), key.keyId()));
        });
    return authority;
  }

  private void store(Authority authority, AuthorityKind kind, AuthorityKeyType type) {
    try {
      jdbc.sql(
              "insert into authority_certificate (key_id, purpose, key_type, certificate, created)"
                  + " values (?, ?, ?, ?, ?)")
          .params(
              authority.key().keyId().hex(),
              kind.purpose().code(),
              type.code(),
              authority.certificate().getEncoded(),
              OffsetDateTime.ofInstant(clock.instant(), ZoneOffset.UTC))
          .update();
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
  }

  private X509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, Duration validity, SubjectPublicKeyInfo key) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    return new X509v3CertificateBuilder(
        issuer,
        new BigInteger(SERIAL_BITS, random).setBit(SERIAL_BITS - 1),
        Date.from(now.minus(BACKDATED)),
        Date.from(now.plus(validity)),
        subject,
        key);
  }

  private X509Certificate sign(X509v3CertificateBuilder builder, VerificationKey issuer) {
    try {
      return parse(
          builder
              .build(
                  new CertificateSigner(
                      issuer.suite(),
                      tbs -> signatures.sign(issuer.keyId(), SigningInput.message(tbs))))
              .getEncoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static X500Name name(String commonName) {
    return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, commonName).build();
  }

  private static SubjectPublicKeyInfo spki(VerificationKey key) {
    return SubjectPublicKeyInfo.getInstance(key.spki().toByteArray());
  }

  static X509Certificate parse(byte[] der) {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509")
              .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalStateException("a certificate of our own is damaged", e);
    }
  }
}
