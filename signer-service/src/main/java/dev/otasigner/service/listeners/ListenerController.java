package dev.otasigner.service.listeners;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.ClientKeyType;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Administration of listeners. */
@RestController
@RequestMapping("/api/v1/listeners")
class ListenerController {
  private final Listeners listeners;

  ListenerController(Listeners listeners) {
    this.listeners = listeners;
  }

  record TlsBody(
      List<String> versions,
      List<String> suites,
      @Nullable List<String> groups,
      String serverKey) {}

  record NewListener(String name, int port, String kind, TlsBody tls) {}

  record ListenerBody(
      String name, int port, int boundPort, String kind, TlsBody tls, Instant opened) {}

  record Closed(String name, boolean open) {}

  @GetMapping
  @AllowedTo(ofAnyProduct = true)
  List<ListenerBody> list() {
    return listeners.list().stream().map(ListenerController::body).toList();
  }

  @PostMapping
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.CREATED)
  ListenerBody open(@RequestBody NewListener body) {
    ClientKeyType serverKey = ClientKeyType.ofCode(body.tls().serverKey());
    if (serverKey == null) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "tls.serverKey: rsa-2048, p-256 or p-384 is expected");
    }
    List<String> groups = body.tls().groups();
    return body(
        listeners.open(
            new ListenerSpec(
                body.name(),
                body.port(),
                ListenerKind.ofCode(body.kind())
                    .orElseThrow(
                        () ->
                            new SignerException(
                                ProblemType.BAD_REQUEST, "kind: device or enrol is expected")),
                new TlsPolicy(
                    body.tls().versions(),
                    body.tls().suites(),
                    groups == null ? List.of() : groups,
                    serverKey))));
  }

  @PostMapping("/{name}/close")
  @AllowedTo(Role.ADMINISTRATOR)
  Closed close(@PathVariable String name) {
    listeners.close(name);
    return new Closed(name, false);
  }

  private static ListenerBody body(OpenListener listener) {
    TlsPolicy tls = listener.spec().tls();
    return new ListenerBody(
        listener.name(),
        listener.spec().port(),
        listener.boundPort(),
        listener.spec().kind().code(),
        new TlsBody(tls.versions(), tls.suites(), tls.groups(), tls.serverKey().code()),
        listener.opened());
  }
}
