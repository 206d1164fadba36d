package dev.otasigner.service.signing;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.problem.StorageRoom;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.io.InputStream;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RestController;

/** Uploads; the body goes to disk as it comes and is never in memory whole. */
@RestController
class PayloadController {
  private static final int BUFFER_BYTES = 256 * 1024;

  private final PayloadStore payloads;
  private final StorageRoom storage;

  PayloadController(PayloadStore payloads, StorageRoom storage) {
    this.payloads = payloads;
    this.storage = storage;
  }

  @PutMapping("/api/v1/payloads")
  @AllowedTo({Role.RELEASE_ENGINEER, Role.PIPELINE})
  ResponseEntity<Json> upload(HttpServletRequest request) throws IOException {
    InputStream body = request.getInputStream();
    try {
      storage.require(Math.max(0, request.getContentLengthLong()));
      PayloadStore.Stored stored = payloads.store(body);
      Json.Obj json =
          Json.object().put("sha256", stored.sha256()).put("length", stored.lengthBytes()).build();
      return ResponseEntity.status(HttpStatus.CREATED).body(json);
    } catch (PayloadStore.TooLargeException e) {
      throw new SignerException(ProblemType.TOO_LARGE, "payload: " + e.getMessage());
    } catch (SignerException e) {
      drain(body);
      throw e;
    } catch (IOException e) {
      if (!storage.isWhy(e)) {
        throw e;
      }
      drain(body);
      throw storage.full("the payload is not stored: ");
    }
  }

  /** Who is still sending hears no answer: the rest is read, and dropped. */
  private void drain(InputStream body) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long left = payloads.maxBytes();
    for (int n = body.read(buffer); n >= 0 && left > 0; n = body.read(buffer)) {
      left -= n;
    }
  }
}
