package dev.otasigner.service.fleet;

import dev.otasigner.service.access.AllowedTo;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.page.Page;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The devices of a product, for those who administer them. */
@RestController
@RequestMapping("/api/v1/products/{product}/devices")
class FleetController {
  private static final MediaType CSV = MediaType.parseMediaType("text/csv");

  private final Population population;
  private final Products products;
  private final Manufacture manufacture;
  private final DeviceImport lists;

  FleetController(
      Population population, Products products, Manufacture manufacture, DeviceImport lists) {
    this.lists = lists;
    this.population = population;
    this.products = products;
    this.manufacture = manufacture;
  }

  record NewDevice(
      String deviceId,
      String hardware,
      String revision,
      String bootloader,
      String channel,
      String clockClass,
      String build) {}

  record OneTimeSecret(String deviceId, String secret) {}

  @GetMapping
  @AllowedTo
  Json list(
      @PathVariable String product,
      @RequestParam(defaultValue = "") String from,
      @RequestParam(defaultValue = Page.DEFAULT) int limit) {
    Page page = new Page(limit);
    products.require(product);
    return page.of(
        "devices",
        population.members(product, from, page.toRead()),
        FleetController::summary,
        member -> member.state().deviceId());
  }

  @PostMapping
  @AllowedTo({Role.ADMINISTRATOR, Role.RELEASE_ENGINEER, Role.PIPELINE})
  @ResponseStatus(HttpStatus.CREATED)
  OneTimeSecret record(@PathVariable String product, @RequestBody NewDevice body) {
    ClockClass clockClass = ClockClass.ofCode(body.clockClass());
    if (clockClass == null) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "clockClass: rtc, network or none is expected");
    }
    return new OneTimeSecret(
        body.deviceId(),
        manufacture
            .record(
                new Manufacture.Made(
                    new DeviceKey(product, body.deviceId()),
                    new Device.Made(
                        body.hardware(), body.revision(), FactoryController.version(body.build())),
                    body.bootloader(),
                    body.channel(),
                    clockClass))
            .text());
  }

  /** A list of any length, read as it comes. */
  @PostMapping("/import")
  @AllowedTo({Role.ADMINISTRATOR, Role.RELEASE_ENGINEER})
  Json importList(
      @PathVariable String product,
      @RequestParam(defaultValue = "false") boolean dryRun,
      HttpServletRequest request)
      throws IOException {
    return lists.take(product, form(request.getContentType()), request.getInputStream(), dryRun);
  }

  private static ListedRows.Form form(@Nullable String type) {
    MediaType media =
        type == null ? MediaType.APPLICATION_OCTET_STREAM : MediaType.parseMediaType(type);
    Charset charset = media.getCharset();
    if (charset == null || charset.equals(StandardCharsets.UTF_8)) {
      if (media.isCompatibleWith(CSV)) {
        return ListedRows.Form.CSV;
      }
      if (media.isCompatibleWith(MediaType.APPLICATION_JSON)
          || media.isCompatibleWith(MediaType.APPLICATION_NDJSON)) {
        return ListedRows.Form.JSON;
      }
    }
    throw new SignerException(
        ProblemType.UNSUPPORTED_MEDIA_TYPE,
        "Content-Type: text/csv, application/x-ndjson or application/json, in UTF-8, is expected");
  }

  /** The device's state as the contracts spell it, with when and where it was last heard of. */
  @GetMapping("/{deviceId}")
  @AllowedTo
  Json show(@PathVariable String product, @PathVariable String deviceId) {
    Population.Member member =
        population
            .member(product, deviceId)
            .orElseThrow(() -> SignerException.notFound("device " + product + "/" + deviceId));
    Map<String, Json> members = new LinkedHashMap<>(member.state().toJson().members());
    members.putAll(sighting(member).members());
    return new Json.Obj(members);
  }

  @PostMapping("/{deviceId}/secret")
  @AllowedTo(Role.ADMINISTRATOR)
  @ResponseStatus(HttpStatus.CREATED)
  OneTimeSecret another(@PathVariable String product, @PathVariable String deviceId) {
    return new OneTimeSecret(deviceId, manufacture.again(new DeviceKey(product, deviceId)).text());
  }

  private static Json.Obj summary(Population.Member member) {
    Map<String, Json> members = new LinkedHashMap<>();
    members.put("deviceId", new Json.Str(member.state().deviceId()));
    members.put("hardware", new Json.Str(member.state().hardware().id()));
    members.put("revision", new Json.Str(member.state().hardware().revision()));
    members.put("channel", new Json.Str(member.state().channel()));
    members.put("version", new Json.Str(member.state().running().version().toString()));
    members.put("bootloader", new Json.Str(member.state().bootloader().id()));
    members.putAll(sighting(member).members());
    return new Json.Obj(members);
  }

  private static Json.Obj sighting(Population.Member member) {
    return Json.object()
        .put("enrolled", member.enrolled())
        .put("lastSeen", member.lastSeen().orElse(null))
        .put("lastListener", member.lastListener().orElse(null))
        .put("lastProtocol", member.lastProtocol().orElse(null))
        .put("lastGroup", member.lastGroup().orElse(null))
        .build();
  }
}
