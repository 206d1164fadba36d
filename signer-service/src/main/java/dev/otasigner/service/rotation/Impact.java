package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.KnownStranded;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.policy.Check;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a change does to each cohort.
 *
 * @param cohorts all of them, served or not
 */
public record Impact(List<CohortImpact> cohorts) {
  public Impact {
    cohorts = List.copyOf(cohorts);
  }

  /**
   * What a change does to one cohort.
   *
   * @param devices their identifiers
   * @param version the build they run
   * @param obstacle what would stop them, or empty when they are served
   * @param savedBy the build that takes them to where the change does no harm
   */
  public record CohortImpact(
      String product,
      List<String> devices,
      ImageVersion version,
      Optional<Obstacle> obstacle,
      Optional<ImageVersion> savedBy) {
    public CohortImpact {
      devices = List.copyOf(devices);
    }

    Json.Obj toJson() {
      Json.Builder json =
          Json.object()
              .put("product", product)
              .put("devices", Json.strings(devices))
              .put("count", devices.size())
              .put("version", version.toString())
              .put("served", obstacle.isEmpty());
      obstacle.ifPresent(
          o -> json.put("check", o.check).put("reason", o.reason).put("detail", o.detail));
      savedBy.ifPresent(v -> json.put("savedBy", v.toString()));
      return json.build();
    }
  }

  /**
   * The first thing that would say no.
   *
   * @param check which step of the judgement, or {@code connection}
   * @param reason its code
   * @param detail a sentence for people
   */
  public record Obstacle(String check, String reason, String detail) {
    static final String CONNECTION = "connection";

    static Obstacle of(RejectedException refusal) {
      return new Obstacle(
          Check.of(refusal.reason()).code(),
          refusal.reason().code(),
          String.valueOf(refusal.getMessage()));
    }

    static Obstacle unreachable(String detail) {
      return new Obstacle(CONNECTION, "unreachable", detail);
    }
  }

  public List<CohortImpact> stranded() {
    return cohorts.stream().filter(c -> c.obstacle().isPresent()).toList();
  }

  public boolean isAllowed() {
    return stranded().isEmpty();
  }

  Impact with(Impact other) {
    List<CohortImpact> all = new ArrayList<>(cohorts);
    all.addAll(other.cohorts);
    return new Impact(all);
  }

  /**
   * Returns when nobody would be stranded.
   *
   * @param what the change, in words
   * @throws SignerException WOULD_STRAND with the impact
   */
  void requireAllowed(String what) {
    if (!isAllowed()) {
      throw wouldStrand(what);
    }
  }

  /**
   * Returns when exactly those would be stranded that are known to be.
   *
   * @throws SignerException WOULD_STRAND with the impact, also when others were named
   */
  void requireAllowed(String what, KnownStranded known) {
    Map<ImageVersion, Long> devices = new HashMap<>();
    stranded().forEach(c -> devices.merge(c.version(), (long) c.devices().size(), Long::sum));
    if (!devices.isEmpty() && !devices.equals(known.devices())) {
      throw wouldStrand(what);
    }
  }

  private SignerException wouldStrand(String what) {
    List<CohortImpact> stranded = stranded();
    CohortImpact first = stranded.get(0);
    long count = stranded.stream().mapToLong(c -> c.devices().size()).sum();
    String saved = first.savedBy().map(v -> "; build " + v + " saves it").orElse("");
    Obstacle obstacle = first.obstacle().orElseThrow();
    return new SignerException(
        ProblemType.WOULD_STRAND,
        what
            + " would strand "
            + count
            + (count == 1 ? " device: " : " devices, first ")
            + first.devices().get(0)
            + " on "
            + first.version()
            + " ("
            + obstacle.reason()
            + ")"
            + saved,
        Map.of("impact", toJson()));
  }

  Json.Obj toJson() {
    return Json.object()
        .put("allowed", isAllowed())
        .put("cohorts", cohorts.stream().map(CohortImpact::toJson).toList())
        .build();
  }
}
