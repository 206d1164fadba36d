package dev.otasigner.service.fleet;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.page.Page;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Json;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The states that a product's devices are in, and how many are in each. */
@RestController
@RequestMapping("/api/v1/products/{product}/cohorts")
class CohortController {
  private final Cohorts cohorts;
  private final WrittenOff writtenOff;
  private final ObjectProvider<FactoryFiles> builds;
  private final Products products;
  private final Profiles profiles;

  CohortController(
      Cohorts cohorts,
      WrittenOff writtenOff,
      ObjectProvider<FactoryFiles> builds,
      Products products,
      Profiles profiles) {
    this.cohorts = cohorts;
    this.writtenOff = writtenOff;
    this.builds = builds;
    this.products = products;
    this.profiles = profiles;
  }

  @GetMapping
  @AllowedTo
  Json list(
      @PathVariable String product,
      @RequestParam(defaultValue = "") String channel,
      @RequestParam(defaultValue = "") String hardware,
      @RequestParam(defaultValue = "") String bootloader,
      @RequestParam(defaultValue = "") String version,
      @RequestParam(defaultValue = "") String lineage,
      @RequestParam(defaultValue = "false") boolean unseen) {
    products.require(product);
    Map<Long, Long> givenUp = writtenOff.counts(product);
    Map<DeviceState.Running, Optional<Digest>> declared = new HashMap<>();
    List<Cohorts.Counted> wanted =
        cohorts.of(product).stream()
            .filter(c -> is(channel, c.state().channel()))
            .filter(c -> is(hardware, c.state().hardware().id()))
            .filter(c -> is(bootloader, c.state().bootloader().id()))
            .filter(c -> is(version, c.state().running().version().toString()))
            .filter(c -> is(lineage, c.state().lineage()))
            .toList();
    Set<Digest> registered = Set.copyOf(profiles.list(product));
    Map<Long, Cohorts.Heard> heard =
        cohorts.heard(product, wanted.stream().map(Cohorts.Counted::id).toList());
    List<Json.Obj> found =
        wanted.stream()
            .map(
                c ->
                    json(
                        c,
                        heard.getOrDefault(c.id(), Cohorts.Heard.NOTHING),
                        givenUp.getOrDefault(c.id(), 0L),
                        declared.computeIfAbsent(
                            c.state().running(), running -> declared(product, c.state())),
                        registered.contains(c.state().running().profile())))
            .filter(json -> !unseen || !new Json.Num(0).equals(json.members().get("unseen")))
            .toList();
    return Json.object().put("cohorts", found).build();
  }

  /** The devices of one cohort. */
  @GetMapping("/{cohort}/devices")
  @AllowedTo
  Json devices(
      @PathVariable String product,
      @PathVariable long cohort,
      @RequestParam(defaultValue = "") String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    products.require(product);
    List<String> devices = cohorts.devices(product, cohort, from, page.toRead());
    if (devices.isEmpty() && from.isEmpty()) {
      throw SignerException.notFound("cohort " + cohort + " of " + product);
    }
    return page.of(
        "devices",
        devices,
        device -> Json.object().put("deviceId", device).build(),
        device -> device);
  }

  /** The profile that the build of these devices brings, where they report another one. */
  private Optional<Digest> declared(String product, DeviceState state) {
    DeviceState.Running running = state.running();
    return builds.stream()
        .flatMap(b -> b.build(product, running.version(), state.hardware().id()).stream())
        .filter(build -> build.manifest().equals(running.manifest()))
        .map(FactoryFiles.Build::profile)
        .filter(profile -> !profile.equals(running.profile()))
        .findFirst();
  }

  private static boolean is(String wanted, String value) {
    return wanted.isEmpty() || wanted.equals(value);
  }

  private static Json.Obj json(
      Cohorts.Counted cohort,
      Cohorts.Heard heard,
      long givenUp,
      Optional<Digest> declared,
      boolean registered) {
    DeviceState state = cohort.state();
    boolean enrolled = state.clientCert().notAfter().isBefore(Cohorts.NEVER);
    return Json.object()
        .put("cohort", cohort.id())
        .put("count", cohort.devices())
        .put("first", cohort.first())
        .put("hardware", state.hardware().id())
        .put("revision", state.hardware().revision())
        .put("channel", state.channel())
        .put("version", state.running().version().toString())
        .put("manifest", state.running().manifest())
        .put("profile", state.running().profile())
        .put("bootloader", state.bootloader().id())
        .put("updatable", state.bootloader().updatable())
        .put("securityCounter", state.securityCounter())
        .put("lineage", state.lineage())
        .put("rootVersion", state.rootVersion())
        .put("clockClass", state.clock().kind().code())
        .put("clientKey", enrolled ? state.clientCert().keyType().code() : null)
        .put("certificateFrom", enrolled ? state.clientCert().notAfter() : null)
        .put("firstSeen", heard.first().orElse(null))
        .put("lastSeen", heard.last().orElse(null))
        .put("unseen", heard.unseen())
        .put("writtenOff", givenUp)
        .put("declaredProfile", declared.orElse(null))
        .put("profileRegistered", registered)
        .build();
  }
}
