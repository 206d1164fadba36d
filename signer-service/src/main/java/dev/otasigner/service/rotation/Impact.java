package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.KnownStranded;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.signing.Cohort;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.policy.Check;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

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
   * @param cohort who they are, with some of their identifiers
   * @param obstacle what would stop them, or empty when they are served
   * @param repairs what would serve them after all, cheapest first
   * @param way the builds they take, as long as nothing stops them
   * @param until when what serves them ends, or empty while nothing does that is known
   * @param writtenOff how many of them people have given up
   * @param wasBefore whether they are stopped as things are, and the change takes nothing from them
   */
  public record CohortImpact(
      Cohort cohort,
      Optional<Obstacle> obstacle,
      List<Repair> repairs,
      List<ImageVersion> way,
      Optional<Ending> until,
      long writtenOff,
      boolean wasBefore) {
    public CohortImpact {
      repairs = List.copyOf(repairs);
      way = List.copyOf(way);
    }

    CohortImpact(
        Cohort cohort,
        Optional<Obstacle> obstacle,
        List<Repair> repairs,
        List<ImageVersion> way,
        Optional<Ending> until) {
      this(cohort, obstacle, repairs, way, until, 0, false);
    }

    static CohortImpact of(Cohort cohort, Optional<Obstacle> obstacle) {
      return new CohortImpact(cohort, obstacle, List.of(), List.of(), Optional.empty());
    }

    CohortImpact forCohort(Cohort other) {
      return new CohortImpact(other, obstacle, repairs, way, until, writtenOff, wasBefore);
    }

    CohortImpact havingWrittenOff(long devices) {
      return new CohortImpact(cohort, obstacle, repairs, way, until, devices, wasBefore);
    }

    CohortImpact asBefore() {
      return new CohortImpact(cohort, obstacle, repairs, way, until, writtenOff, true);
    }

    /** Whether somebody would be cut off by it whom nobody has given up. */
    boolean isStranded() {
      return obstacle.isPresent() && !wasBefore && writtenOff < cohort.count();
    }

    /** Whether all who would be cut off by it are given up. */
    private boolean isGivenUp() {
      return obstacle.isPresent() && !wasBefore && writtenOff >= cohort.count();
    }

    ImageVersion version() {
      return cohort.state().running().version();
    }

    /** The build that takes them to where the change does no harm, when one is offered. */
    Optional<String> savedBy() {
      return repairs.stream()
          .filter(repair -> repair.kind() == Repair.Kind.WAIT)
          .map(Repair::what)
          .findFirst();
    }

    Json.Obj toJson() {
      DeviceState state = cohort.state();
      Json.Builder json =
          Json.object()
              .put("product", state.product())
              .put("cohort", cohort.id())
              .put("devices", Json.strings(cohort.devices()))
              .put("count", cohort.count())
              .put("version", version().toString())
              .put("hardware", state.hardware().id())
              .put("channel", state.channel())
              .put("bootloader", state.bootloader().id())
              .put("lineage", state.lineage())
              .put("served", obstacle.isEmpty())
              .put("way", Json.strings(way.stream().map(ImageVersion::toString).toList()));
      obstacle.ifPresent(
          o -> json.put("check", o.check).put("reason", o.reason).put("detail", o.detail));
      savedBy().ifPresent(v -> json.put("savedBy", v));
      if (wasBefore) {
        json.put("strandedBefore", true);
      }
      if (writtenOff > 0) {
        json.put("writtenOff", writtenOff);
      }
      until.ifPresent(ending -> json.put("until", ending.at()).put("untilWhat", ending.what()));
      return json.put("repairs", repairs.stream().map(Repair::toJson).toList()).build();
    }
  }

  /**
   * An end that nobody has asked for.
   *
   * @param what ends, for people
   */
  public record Ending(Instant at, String what) {}

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

    /** The same, of something in particular. */
    Obstacle in(String where) {
      return new Obstacle(check, reason, where + ": " + detail);
    }

    static Obstacle unreachable(String detail) {
      return new Obstacle(CONNECTION, "unreachable", detail);
    }
  }

  /** Those of whom some would be cut off and are not written off. */
  public List<CohortImpact> stranded() {
    return cohorts.stream().filter(CohortImpact::isStranded).toList();
  }

  /** Those that would be cut off, and may be. */
  List<CohortImpact> givenUp() {
    return cohorts.stream().filter(CohortImpact::isGivenUp).toList();
  }

  public boolean isAllowed() {
    return stranded().isEmpty();
  }

  /** Without those who are led to where it does no harm: for a change that is still to come. */
  Impact leaving() {
    return new Impact(cohorts.stream().filter(c -> c.savedBy().isEmpty()).toList());
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
      throw wouldStrand(what, Map.of());
    }
  }

  /**
   * Returns when exactly those would be stranded that are known to be.
   *
   * @throws SignerException WOULD_STRAND with the impact, also when others were named; it says that
   *     they may be
   */
  void requireAllowed(String what, KnownStranded known) {
    Map<ImageVersion, Long> devices = new HashMap<>();
    stranded().forEach(c -> devices.merge(c.version(), c.cohort().count(), Long::sum));
    if (!devices.isEmpty() && !devices.equals(known.devices())) {
      throw wouldStrand(what, Map.of("acceptable", new Json.Bool(true)));
    }
  }

  private SignerException wouldStrand(String what, Map<String, Json> more) {
    List<CohortImpact> stranded = stranded();
    CohortImpact first = stranded.get(0);
    long count = stranded.stream().mapToLong(c -> c.cohort().count()).sum();
    String saved = first.savedBy().map(v -> "; build " + v + " saves it").orElse("");
    Obstacle obstacle = first.obstacle().orElseThrow();
    Map<String, Json> members = new HashMap<>(more);
    members.put("impact", toJson(stranded).build());
    return new SignerException(
        ProblemType.WOULD_STRAND,
        what
            + " would strand "
            + count
            + (count == 1 ? " device: " : " devices, first ")
            + first.cohort().devices().get(0)
            + " on "
            + first.version()
            + " ("
            + obstacle.reason()
            + ")"
            + saved,
        members);
  }

  private Json.Builder toJson(List<CohortImpact> shown) {
    return Json.object()
        .put("allowed", isAllowed())
        .put("cohorts", shown.stream().map(CohortImpact::toJson).toList());
  }

  /**
   * Every cohort.
   *
   * @param policyRuns how often the judgement was run for the answer
   */
  Json.Obj toJson(long policyRuns) {
    return toJson(policyRuns, cohort -> true);
  }

  /** The same, without cohorts that are not for whoever asks. */
  Json.Obj toJson(long policyRuns, Predicate<CohortImpact> readable) {
    return toJson(cohorts.stream().filter(readable).toList()).put("policyRuns", policyRuns).build();
  }
}
