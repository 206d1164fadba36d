package dev.otasigner.service.signing;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RestController;

/** Uploads; the body goes to disk as it comes and is never in memory whole. */
@RestController
class PayloadController {
  private final PayloadStore payloads;

  PayloadController(PayloadStore payloads) {
    this.payloads = payloads;
  }

  @PutMapping("/api/v1/payloads")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.PIPELINE})
  ResponseEntity<Json> upload(HttpServletRequest request) throws IOException {
    try {
      PayloadStore.Stored stored = payloads.store(request.getInputStream());
      Json.Obj json =
          Json.object().put("sha256", stored.sha256()).put("length", stored.lengthBytes()).build();
      return ResponseEntity.status(HttpStatus.CREATED).body(json);
    } catch (PayloadStore.TooLargeException e) {
      throw new SignerException(ProblemType.TOO_LARGE, "payload: " + e.getMessage());
    }
  }
}
