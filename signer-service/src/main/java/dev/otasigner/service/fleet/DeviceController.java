package dev.otasigner.service.fleet;

import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.Metrics;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestAttribute;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** What devices call; served by device and enrolment listeners only. */
@RestController
@RequestMapping("/device/v1")
class DeviceController {
  private static final int PEM_LINE = 64;

  private final Enrolment enrolment;
  private final CheckIns checkIns;
  private final Metrics metrics;
  private final int nextSeconds;

  DeviceController(
      Enrolment enrolment,
      CheckIns checkIns,
      Metrics metrics,
      @Value("${signer.devices.check-in-seconds}") int nextSeconds) {
    this.enrolment = enrolment;
    this.checkIns = checkIns;
    this.metrics = metrics;
    this.nextSeconds = nextSeconds;
  }

  @PostMapping("/enrol")
  @ResponseStatus(HttpStatus.CREATED)
  Json enrol(@RequestBody Json.Obj body, HttpServletRequest request) {
    Enrolment.Wish wish;
    try {
      wish = Enrolment.Wish.read(new Fields(body, ""));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    return certificate(enrolment.enrol(wish, request.getRemoteAddr()));
  }

  @PostMapping("/renew")
  @ResponseStatus(HttpStatus.CREATED)
  Json renew(@RequestBody Json.Obj body, @RequestAttribute(DeviceGate.DEVICE) Device device) {
    try {
      return certificate(
          enrolment.renew(device, CertificateRequest.read(new Fields(body, "").string("csr"))));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
  }

  @PostMapping("/checkin")
  Json checkIn(
      @RequestBody Json.Obj body,
      @RequestAttribute(DeviceGate.DEVICE) Device device,
      @RequestAttribute(DeviceGate.THROUGH) Device.Through through) {
    Report report;
    try {
      report = Report.read(new Fields(body, ""));
    } catch (RejectedException e) {
      throw SignerException.badRequest(e);
    }
    checkIns.take(device, report, through);
    metrics.count(
        Metric.CHECK_INS,
        report.outcome().map(o -> o.result().name().toLowerCase(Locale.ROOT)).orElse("none"));
    return Json.object().put("nextSeconds", nextSeconds).build();
  }

  private static Json certificate(List<X509Certificate> chain) {
    return Json.object()
        .put("cert", Json.strings(chain.stream().map(DeviceController::pem).toList()))
        .put("notAfter", chain.get(0).getNotAfter().toInstant())
        .build();
  }

  private static String pem(X509Certificate certificate) {
    try {
      return "-----BEGIN CERTIFICATE-----\n"
          + Base64.getMimeEncoder(PEM_LINE, new byte[] {'\n'})
              .encodeToString(certificate.getEncoded())
          + "\n-----END CERTIFICATE-----\n";
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException(e);
    }
  }
}
