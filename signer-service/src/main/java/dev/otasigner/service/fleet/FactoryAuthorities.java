package dev.otasigner.service.fleet;

import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The factories of a product, whose certificates enrol the keys that devices are born with. */
@Component
class FactoryAuthorities {
  private static final int MAX_LENGTH = 32 * 1024;
  private static final int MAX_CHAIN = 4;

  private final JdbcClient jdbc;
  private final Products products;
  private final AuditLog audit;
  private final Clock clock;

  FactoryAuthorities(JdbcClient jdbc, Products products, AuditLog audit, Clock clock) {
    this.jdbc = jdbc;
    this.products = products;
    this.audit = audit;
    this.clock = clock;
  }

  List<String> names(String product) {
    return jdbc.sql("select name from fleet_factory_authority where product = ? order by name")
        .param(product)
        .query(String.class)
        .list();
  }

  @Transactional
  public void add(String product, String name, String pem) {
    products.require(product);
    Products.requireName("name", name);
    List<X509Certificate> chain = read("certificate", pem);
    X509Certificate authority = chain.get(0);
    if (chain.size() != 1 || authority.getBasicConstraints() < 0) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "certificate: one certificate of an authority is expected");
    }
    if (names(product).contains(name)) {
      throw SignerException.conflict("there is a factory " + name + " already");
    }
    try {
      jdbc.sql("insert into fleet_factory_authority values (?, ?, ?)")
          .params(product, name, authority.getEncoded())
          .update();
    } catch (CertificateException e) {
      throw new IllegalStateException(e);
    }
    audit.record(
        "factory.added",
        "factory:" + product + "/" + name,
        Map.of("spki", Digest.of(authority.getPublicKey().getEncoded()).hex()));
  }

  /** Whether a factory of the product vouches that this key is this device's. */
  boolean vouchFor(DeviceKey device, String pem, Digest spki) {
    List<X509Certificate> chain = read("factoryCert", pem);
    X509Certificate leaf = chain.get(0);
    Set<TrustAnchor> anchors =
        jdbc
            .sql("select certificate from fleet_factory_authority where product = ?")
            .param(device.product())
            .query((row, n) -> row.getBytes(1))
            .list()
            .stream()
            .map(der -> new TrustAnchor(read(der).get(0), null))
            .collect(Collectors.toSet());
    if (anchors.isEmpty()
        || !Digest.of(leaf.getPublicKey().getEncoded()).equals(spki)
        || !device.deviceId().equals(commonName(leaf))) {
      return false;
    }
    try {
      PKIXParameters parameters = new PKIXParameters(anchors);
      parameters.setRevocationEnabled(false); // factories publish none
      parameters.setDate(Date.from(clock.instant()));
      CertPathValidator.getInstance("PKIX")
          .validate(CertificateFactory.getInstance("X.509").generateCertPath(chain), parameters);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private static String commonName(X509Certificate certificate) {
    RDN[] names =
        X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded())
            .getRDNs(BCStyle.CN);
    return names.length == 1 ? IETFUtils.valueToString(names[0].getFirst().getValue()) : "";
  }

  private static List<X509Certificate> read(String field, String pem) {
    if (pem.length() <= MAX_LENGTH) {
      try {
        List<X509Certificate> chain = read(pem.getBytes(StandardCharsets.US_ASCII));
        if (!chain.isEmpty() && chain.size() <= MAX_CHAIN) {
          return chain;
        }
      } catch (IllegalStateException e) {
        // Said below, as for an empty or an overlong chain.
      }
    }
    throw new SignerException(
        ProblemType.BAD_REQUEST, field + ": one to " + MAX_CHAIN + " certificates in PEM");
  }

  private static List<X509Certificate> read(byte[] encoded) {
    try {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(encoded))
          .stream()
          .map(X509Certificate.class::cast)
          .toList();
    } catch (CertificateException e) {
      throw new IllegalStateException("not a certificate", e);
    }
  }
}
