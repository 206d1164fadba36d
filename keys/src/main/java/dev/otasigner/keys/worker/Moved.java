package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeyOperationException.Refused;
import dev.otasigner.keys.RefusalCode;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;

/**
 * That a key came here from another worker, whose journal stayed behind. A request from before that
 * this worker's journal does not know may have been signed there.
 *
 * @param at from then on the other worker signed nothing with the key
 * @param uses signatures of the 24 hours before, which count here until those are over
 */
record Moved(Instant at, long uses) {
  private static final Set<String> MEMBERS = Set.of("at", "uses");

  /** Documents bear whole seconds: of a request made in this very one nobody knows. */
  static Moved after(Instant now, long uses) {
    return new Moved(now.truncatedTo(ChronoUnit.SECONDS).plusSeconds(1), uses);
  }

  static Moved read(Fields fields) throws RejectedException {
    WorkerConfiguration.requireOnly(fields, MEMBERS);
    return new Moved(fields.time("at"), fields.integer("uses", 0, Long.MAX_VALUE));
  }

  /** How many of the uses still count. */
  long usesAt(Instant now, Duration window) {
    return now.isBefore(at.plus(window)) ? uses : 0;
  }

  Refused refusal() {
    return new Refused(
        RefusalCode.BEFORE_MOVE,
        "the key was moved here at "
            + at
            + ", and whether an older request was signed before is not known here; make it again");
  }

  Json.Obj toJson() {
    return Json.object().put("at", at).put("uses", uses).build();
  }
}
