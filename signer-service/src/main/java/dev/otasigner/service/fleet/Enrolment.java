package dev.otasigner.service.fleet;

import dev.otasigner.service.access.Attempts;
import dev.otasigner.service.access.Secret;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.authority.Authorities;
import dev.otasigner.service.authority.AuthorityKind;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.json.Fields;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/** Gives devices their certificates: the first one, and every later one. */
@Component
class Enrolment {
  private final DeviceStore store;
  private final CheckIns checkIns;
  private final Bootloaders bootloaders;
  private final Products products;
  private final FactoryAuthorities factories;
  private final Authorities authorities;
  private final Attempts attempts;
  private final AuditLog audit;
  private final TransactionTemplate transaction;
  private final Duration validity;

  Enrolment(
      DeviceStore store,
      CheckIns checkIns,
      Bootloaders bootloaders,
      Products products,
      FactoryAuthorities factories,
      Authorities authorities,
      Attempts attempts,
      AuditLog audit,
      TransactionTemplate transaction,
      @Value("${signer.devices.certificate-days}") int certificateDays) {
    this.store = store;
    this.checkIns = checkIns;
    this.bootloaders = bootloaders;
    this.products = products;
    this.factories = factories;
    this.authorities = authorities;
    this.attempts = attempts;
    this.audit = audit;
    this.transaction = transaction;
    this.validity = Duration.ofDays(certificateDays);
  }

  /**
   * What a device asks with.
   *
   * @param secret the one-time secret, or empty when a factory vouches
   */
  record Wish(
      DeviceKey key,
      String hardware,
      String bootloaderId,
      String channel,
      ClockClass clockClass,
      Optional<String> secret,
      Optional<String> factoryCert,
      CertificateRequest request) {

    static Wish read(Fields fields) throws RejectedException {
      String deviceId = fields.string("deviceId");
      if (!DeviceKey.isDeviceId(deviceId)) {
        throw fields.malformed("deviceId", "1 to 64 of [A-Za-z0-9._-] are expected");
      }
      Wish wish =
          new Wish(
              new DeviceKey(fields.name("product"), deviceId),
              fields.name("hardware"),
              fields.name("bootloaderId"),
              fields.name("channel"),
              fields.oneOf("clockClass", ClockClass::ofCode, "clock class"),
              fields.optionalString("secret"),
              fields.optionalString("factoryCert"),
              CertificateRequest.read(fields.string("csr")));
      if (wish.secret.isPresent() == wish.factoryCert.isPresent()) {
        throw fields.malformed("secret", "exactly one of secret and factoryCert is expected");
      }
      return wish;
    }

    Optional<Digest> secretDigest() {
      return secret.map(text -> new Secret(text).sha256());
    }
  }

  /**
   * Enrols a manufactured device. The same wish repeated, because an answer was lost, is granted
   * again until the certificate is first used; the secret never enrols another key.
   *
   * @throws SignerException ENROLMENT_REFUSED, without telling which of the reasons it was
   */
  List<X509Certificate> enrol(Wish wish, String address) {
    attempts.requireAllowed(wish.key().label(), address);
    Optional<Device> device = store.find(wish.key());
    if (device.isEmpty() || !isAuthentic(device.get(), wish)) {
      attempts.failed(wish.key().label(), address);
      throw notAuthentic();
    }
    attempts.succeeded(wish.key().label(), address);
    requireFits(device.get(), wish);
    List<X509Certificate> chain = issue(wish.key(), wish.request());
    transaction.executeWithoutResult(
        status -> {
          Report before = device.get().report();
          Report report =
              new Report(
                  before.seq(),
                  before.version(),
                  before.manifest(),
                  before.profile(),
                  wish.bootloaderId(),
                  before.securityCounter(),
                  before.lineage(),
                  before.rootVersion(),
                  wish.channel(),
                  wish.clockClass(),
                  before.components(),
                  before.outcome());
          if (!store.enrolled(
              wish.key(), wish.secretDigest(), report, certified(wish.request(), chain))) {
            throw notAuthentic(); // another request was faster with the same secret
          }
          checkIns.forget(wish.key());
          Map<String, String> details = new HashMap<>(Authorities.told(chain));
          details.put("by", wish.secret().isPresent() ? "secret" : "factory certificate");
          details.put("address", address);
          details.put("spki", wish.request().spki().hex());
          audit.record(wish.key().actor(), "device.enrolled", wish.key().label(), details);
        });
    return chain;
  }

  private boolean isAuthentic(Device device, Wish wish) {
    if (wish.factoryCert().isPresent()) {
      return factories.vouchFor(wish.key(), wish.factoryCert().get(), wish.request().spki());
    }
    Digest given = wish.secretDigest().orElseThrow();
    boolean right =
        MessageDigest.isEqual(
            given.bytes(), device.secret().sha256().map(Digest::bytes).orElse(new byte[0]));
    boolean sameKey =
        device.secret().spki().map(spki -> spki.equals(wish.request().spki())).orElse(true);
    return right && sameKey;
  }

  private void requireFits(Device device, Wish wish) {
    String product = wish.key().product();
    if (!device.made().hardware().equals(wish.hardware())) {
      throw refused("hardware: it was made as " + device.made().hardware());
    }
    Optional<Bootloaders.Registered> bootloader = bootloaders.find(product, wish.bootloaderId());
    if (bootloader.isEmpty() || !bootloader.get().hardware().equals(wish.hardware())) {
      throw refused("bootloaderId: not a bootloader of this hardware");
    }
    if (!products.channels(product).contains(wish.channel())) {
      throw refused("channel: the product has no such channel");
    }
  }

  /** A certificate for the next key of a device that has shown its present one. */
  List<X509Certificate> renew(Device device, CertificateRequest request) {
    Digest present = device.certified().orElseThrow().spki();
    List<X509Certificate> chain = issue(device.key(), request);
    Device.Certified certified = certified(request, chain);
    transaction.executeWithoutResult(
        status -> {
          boolean done =
              present.equals(request.spki())
                  ? store.extended(device.key(), certified)
                  : store.renewed(device.key(), present, certified);
          if (!done) {
            throw new SignerException(
                ProblemType.UNKNOWN_DEVICE, device.key().label() + " has another key now");
          }
          Map<String, String> details = new HashMap<>(Authorities.told(chain));
          details.put("spki", request.spki().hex());
          details.put("keyType", request.keyType().code());
          audit.record(device.key().actor(), "device.renewed", device.key().label(), details);
        });
    return chain;
  }

  private List<X509Certificate> issue(DeviceKey key, CertificateRequest request) {
    return authorities.issue(
        AuthorityKind.DEVICE,
        new Authorities.Subject(
            key.deviceId(),
            new GeneralNames(new GeneralName(GeneralName.uniformResourceIdentifier, key.urn())),
            request.key(),
            request.keyType()),
        validity);
  }

  private static Device.Certified certified(
      CertificateRequest request, List<X509Certificate> chain) {
    return new Device.Certified(
        request.spki(), request.keyType(), chain.get(0).getNotAfter().toInstant());
  }

  private static SignerException notAuthentic() {
    return refused(
        "not a manufactured device, or its secret or factory certificate is not the right one");
  }

  private static SignerException refused(String detail) {
    return new SignerException(ProblemType.ENROLMENT_REFUSED, detail);
  }
}
