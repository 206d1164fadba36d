package dev.otasigner.service.listeners;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Rights;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.ClientKeyType;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
  private final ListenerUse use;

  ListenerController(Listeners listeners, ListenerUse use) {
    this.listeners = listeners;
    this.use = use;
  }

  record TlsBody(
      List<String> versions,
      List<String> suites,
      @Nullable List<String> groups,
      String serverKey) {}

  record NewListener(String name, int port, String kind, TlsBody tls, @Nullable Instant sunset) {}

  /**
   * A listener.
   *
   * @param devices of the caller's products that were last heard of on it
   * @param needed of the caller's products that can reach no other one
   */
  record ListenerBody(
      String name,
      int port,
      int boundPort,
      String kind,
      TlsBody tls,
      Instant opened,
      @Nullable Instant sunset,
      long devices,
      long needed,
      @Nullable List<CohortBody> cohorts) {}

  record CohortBody(String product, String version, long devices, long needed) {}

  record Sunset(@Nullable Instant sunset) {}

  record Closed(String name, boolean open) {}

  @GetMapping
  @AllowedTo(ofAnyProduct = true)
  List<ListenerBody> list() {
    Map<String, List<ListenerUse.Cohort>> cohorts = use.now();
    return listeners.list().stream().map(l -> body(l, theirs(cohorts, l), false)).toList();
  }

  @GetMapping("/{name}")
  @AllowedTo(ofAnyProduct = true)
  ListenerBody show(@PathVariable String name) {
    OpenListener listener = listeners.require(name);
    return body(listener, theirs(use.now(), listener), true);
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
    ListenerKind kind =
        ListenerKind.ofCode(body.kind())
            .orElseThrow(
                () ->
                    new SignerException(
                        ProblemType.BAD_REQUEST, "kind: device or enrol is expected"));
    TlsPolicy tls =
        new TlsPolicy(
            body.tls().versions(),
            body.tls().suites(),
            groups == null ? List.of() : groups,
            serverKey);
    return body(
        listeners.open(
            new ListenerSpec(body.name(), body.port(), kind, tls),
            Optional.ofNullable(body.sunset())),
        List.of(),
        false);
  }

  /** Without a time it has no end any more. */
  @PostMapping("/{name}/sunset")
  @AllowedTo(Role.ADMINISTRATOR)
  ListenerBody sunset(@PathVariable String name, @RequestBody Sunset body) {
    OpenListener listener = listeners.setSunset(name, Optional.ofNullable(body.sunset()));
    return body(listener, theirs(use.now(), listener), false);
  }

  @PostMapping("/{name}/close")
  @AllowedTo(Role.ADMINISTRATOR)
  Closed close(@PathVariable String name) {
    listeners.close(name);
    return new Closed(name, false);
  }

  /** How big a fleet is, is for those who have to do with its product. */
  private static List<ListenerUse.Cohort> theirs(
      Map<String, List<ListenerUse.Cohort>> cohorts, OpenListener listener) {
    Rights rights = Actor.current().rights();
    return cohorts.getOrDefault(listener.name(), List.of()).stream()
        .filter(cohort -> rights.reach(cohort.product()))
        .toList();
  }

  private static ListenerBody body(
      OpenListener listener, List<ListenerUse.Cohort> cohorts, boolean each) {
    TlsPolicy tls = listener.spec().tls();
    return new ListenerBody(
        listener.name(),
        listener.spec().port(),
        listener.boundPort(),
        listener.spec().kind().code(),
        new TlsBody(tls.versions(), tls.suites(), tls.groups(), tls.serverKey().code()),
        listener.opened(),
        listener.sunset().orElse(null),
        ListenerUse.devices(cohorts),
        ListenerUse.needed(cohorts),
        each
            ? cohorts.stream()
                .map(
                    c ->
                        new CohortBody(
                            c.product(), c.version().toString(), c.devices(), c.needed()))
                .toList()
            : null);
  }
}
