package dev.otasigner.service.fleet;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.listeners.DeviceTrust;
import dev.otasigner.service.listeners.ListenerKind;
import dev.otasigner.service.listeners.OpenListener;
import dev.otasigner.service.listeners.TlsFacts;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Tells which device a connection belongs to, and lets it have its own product's files. TLS has
 * proven who holds the key; here the key must be one that the device enrolled with, and the
 * certificate must not have ended, except to renew it.
 */
final class DeviceGate extends OncePerRequestFilter {
  /** The request attribute with the {@link Device} that asks. */
  static final String DEVICE = "dev.otasigner.device";

  /** The request attribute with the {@link Device.Through} of the device that asks. */
  static final String THROUGH = "dev.otasigner.through";

  private static final String CHAIN = "jakarta.servlet.request.X509Certificate";
  private static final String RENEW = "/device/v1/renew";
  private static final int URI_NAME = 6;

  private final DeviceStore store;
  private final CheckIns checkIns;
  private final Clock clock;
  private final HandlerExceptionResolver problems;
  private final DatabaseWatch database;

  DeviceGate(
      DeviceStore store,
      CheckIns checkIns,
      Clock clock,
      HandlerExceptionResolver problems,
      DatabaseWatch database) {
    this.database = database;
    this.store = store;
    this.checkIns = checkIns;
    this.clock = clock;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (!(request.getAttribute(OpenListener.ATTRIBUTE) instanceof OpenListener listener)) {
      throw new IllegalStateException("a request that came in on no listener");
    }
    if (listener.spec().kind() == ListenerKind.DEVICE) {
      try {
        if (!(isForFile(request) && database.isAway())) {
          admit(request, listener);
        } else {
          admitUnrecorded(request);
        }
      } catch (RuntimeException e) {
        problems.resolveException(request, response, null, e);
        return;
      }
    }
    chain.doFilter(request, response);
  }

  private void admit(HttpServletRequest request, OpenListener listener) {
    Device device;
    try {
      device = identify(request);
    } catch (RuntimeException e) {
      if (isForFile(request) && database.isNowAwayBy(e)) {
        admitUnrecorded(request);
        return;
      }
      throw e;
    }
    signIn(device.key().actor());
    request.setAttribute(DEVICE, device);
    Device.Through through = through(request, listener);
    request.setAttribute(THROUGH, through);
    checkIns.seen(device, through);
  }

  private static Device.Through through(HttpServletRequest request, OpenListener listener) {
    Optional<TlsFacts.Agreed> agreed = TlsFacts.of(request);
    return new Device.Through(
        listener.name(),
        agreed.map(TlsFacts.Agreed::protocol),
        agreed.flatMap(TlsFacts.Agreed::group));
  }

  /** Whether it only reads what is published, which is no secret. */
  private static boolean isForFile(HttpServletRequest request) {
    return (request.getMethod().equals("GET") || request.getMethod().equals("HEAD"))
        && !request.getRequestURI().startsWith("/device/");
  }

  /**
   * Devices go on while the database is away: our authority's certificate, which TLS has checked,
   * is enough for the files of its product. Whether the device has another key by now can not be
   * known.
   */
  private void admitUnrecorded(HttpServletRequest request) {
    X509Certificate certificate = certificate(request);
    DeviceKey key = keyOf(certificate);
    requireValid(certificate, request.getRequestURI());
    requireOwnProduct(key, request.getRequestURI());
    signIn(key.actor());
  }

  private static X509Certificate certificate(HttpServletRequest request) {
    if (!(request.getAttribute(CHAIN) instanceof X509Certificate[] chain) || chain.length == 0) {
      throw unknown("no certificate was shown");
    }
    return chain[0];
  }

  private static DeviceKey keyOf(X509Certificate certificate) {
    return key(certificate).orElseThrow(() -> unknown("the certificate names no device"));
  }

  private Device identify(HttpServletRequest request) {
    X509Certificate certificate = certificate(request);
    DeviceKey key = keyOf(certificate);
    Device device = store.find(key).orElseThrow(() -> unknown(key.label() + " is not on record"));
    Digest spki = Digest.of(certificate.getPublicKey().getEncoded());
    if (isOf(device.next(), spki)) {
      store.promote(key, spki);
      device = store.find(key).orElseThrow();
    }
    if (!isOf(device.certified(), spki)) {
      throw unknown(key.label() + " has another key now");
    }
    requireValid(certificate, request.getRequestURI());
    if (device.secret().spki().filter(spki::equals).isPresent()) {
      store.spendSecret(key, spki);
    }
    requireOwnProduct(key, request.getRequestURI());
    return device;
  }

  private void requireValid(X509Certificate certificate, String path) {
    Instant now = clock.instant();
    Instant end = certificate.getNotAfter().toInstant();
    boolean renewable = path.equals(RENEW) && !end.plus(DeviceTrust.RENEWABLE).isBefore(now);
    if (end.isBefore(now) && !renewable) {
      throw new SignerException(
          ProblemType.CERTIFICATE_EXPIRED, "it ended at " + end + "; renew it first");
    }
  }

  private static void requireOwnProduct(DeviceKey key, String path) {
    if (!path.startsWith("/device/") && !path.startsWith("/" + key.product() + "/")) {
      throw new SignerException(
          ProblemType.FORBIDDEN, "a device of " + key.product() + " has no business here");
    }
  }

  private static Optional<DeviceKey> key(X509Certificate certificate) {
    try {
      Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null
          ? Optional.empty()
          : names.stream()
              .filter(name -> Integer.valueOf(URI_NAME).equals(name.get(0)))
              .map(name -> DeviceKey.ofUrn(String.valueOf(name.get(1))))
              .flatMap(Optional::stream)
              .findFirst();
    } catch (CertificateParsingException e) {
      return Optional.empty();
    }
  }

  private static boolean isOf(Optional<Device.Certified> certified, Digest spki) {
    return certified.map(c -> c.spki().equals(spki)).orElse(false);
  }

  private static void signIn(Actor actor) {
    SecurityContext context = SecurityContextHolder.createEmptyContext();
    context.setAuthentication(
        UsernamePasswordAuthenticationToken.authenticated(actor, null, List.of()));
    SecurityContextHolder.setContext(context);
  }

  /** Which device asks. */
  static Device device(@Nullable Object attribute) {
    if (attribute instanceof Device device) {
      return device;
    }
    throw new IllegalStateException("a request that passed no gate");
  }

  private static SignerException unknown(String detail) {
    return new SignerException(ProblemType.UNKNOWN_DEVICE, detail);
  }
}
