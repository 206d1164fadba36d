package dev.otasigner.service.catalogue;

import dev.otasigner.service.fleet.AutomaticStop;
import dev.otasigner.service.signing.Build;
import dev.otasigner.service.signing.Builds;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.manifest.VersionRange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** A release as the HTTP API shows it. */
@Component
class ReleaseView {
  static final String NOTHING_HEARD = "no-check-ins";

  private final Builds builds;
  private final Rollouts rollouts;
  private final ReleaseDevices devices;
  private final ReleaseChecks checks;

  ReleaseView(Builds builds, Rollouts rollouts, ReleaseDevices devices, ReleaseChecks checks) {
    this.builds = builds;
    this.rollouts = rollouts;
    this.devices = devices;
    this.checks = checks;
  }

  /** In a list: the release, and what its manifest demands. */
  Json.Obj line(Release release) {
    return new Json.Obj(members(release));
  }

  private Map<String, Json> members(Release release) {
    Map<String, Json> members = new LinkedHashMap<>(release.toJson().members());
    Manifest manifest = builds.manifest(build(release));
    members.put("from", new Json.Arr(VersionRange.toJson(manifest.from())));
    members.put(
        "requires",
        new Json.Arr(
            manifest.requires().stream()
                .map(
                    required ->
                        (Json)
                            Json.object()
                                .put("component", required.component())
                                .put("min", required.min().toString())
                                .build())
                .toList()));
    return members;
  }

  /** All of it: how far the rollout has come, who is named, what is to be known. */
  Json.Obj whole(Release release) {
    Map<String, Json> members = members(release);
    RolloutFigures figures = rollouts.of(release);
    Optional<AutomaticStop> stop = rollouts.stopOf(release);
    members.put("rollout", figures.toJson());
    stop.ifPresent(s -> members.put("automaticStop", s.toJson()));
    ReleaseDevices.Lists lists = devices.of(release);
    members.put("test", Json.strings(lists.test()));
    members.put("hold", Json.strings(lists.hold()));
    members.put(
        "warnings",
        new Json.Arr(
            warnings(release, figures, stop).stream()
                .map(warning -> (Json) warning.toJson())
                .toList()));
    return new Json.Obj(members);
  }

  private List<ReleaseWarning> warnings(
      Release release, RolloutFigures figures, Optional<AutomaticStop> stop) {
    List<ReleaseWarning> warnings = new ArrayList<>();
    if (release.state() != ReleaseState.PUBLISHED) {
      return warnings;
    }
    try {
      warnings.addAll(checks.unmetDependencies(release.name(), builds.files(build(release))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (stop.isPresent() && figures.heard() == 0) {
      warnings.add(
          new ReleaseWarning(
              NOTHING_HEARD,
              "the rollout is to end by itself when devices fail, and none of the "
                  + figures.devices()
                  + " devices of the channel has ever checked in: nobody would notice",
              figures.devices()));
    }
    return warnings;
  }

  private Build build(Release release) {
    return builds
        .find(release.product(), release.version())
        .orElseThrow(() -> new IllegalStateException("build " + release.version() + " is gone"));
  }
}
