package dev.otasigner.service.rotation;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.audit.RecordKind;
import dev.otasigner.service.keyring.KeyEntry;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.problem.DatabaseTrouble;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.service.rotation.Impact.CohortImpact;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Raises an alarm for what ends by itself and would strand devices, a year, six, three and one
 * month ahead and when it has come. Time asks nobody, so this asks in its place: the same question
 * that people ask before they retire something. Each stage is recorded once, and receivers are told
 * of the record; an alarm stands until nobody would be stranded any more.
 */
@Component
class EndAlarms {
  private static final Logger log = LoggerFactory.getLogger(EndAlarms.class);

  private final Expiries expiries;
  private final EndAlarmStore store;
  private final Rotation rotation;
  private final Keyring keyring;
  private final AuditLog audit;
  private final TransactionTemplate transaction;
  private final Clock clock;
  private volatile Optional<String> trouble = Optional.empty();
  private volatile Optional<Instant> looked = Optional.empty();

  EndAlarms(
      Expiries expiries,
      EndAlarmStore store,
      Rotation rotation,
      Keyring keyring,
      AuditLog audit,
      TransactionTemplate transaction,
      Clock clock) {
    this.expiries = expiries;
    this.store = store;
    this.rotation = rotation;
    this.keyring = keyring;
    this.audit = audit;
    this.transaction = transaction;
    this.clock = clock;
  }

  /** One end, of one product. */
  private record Name(String product, String what, Instant ends) {
    static Name of(Expiry expiry) {
      return new Name(expiry.product(), expiry.what(), expiry.ends());
    }

    static Name of(EndAlarm alarm) {
      return new Name(alarm.product(), alarm.what(), alarm.ends());
    }
  }

  /** What was asked of a product. */
  private record Question(String product, Json.Obj ask) {}

  /** What kept it from looking at all ends the last time. */
  Optional<String> trouble() {
    return trouble;
  }

  /** When it last looked, since the service started. */
  Optional<Instant> looked() {
    return looked;
  }

  /** An end is months away; what was renewed, or led on, is seen soon. */
  @Scheduled(initialDelay = 40_000, fixedDelay = 600_000)
  synchronized void look() {
    try {
      trouble = lookAtAll();
      looked = Optional.of(clock.instant());
    } catch (RuntimeException e) {
      trouble = Optional.of("ends are not watched: see the log");
      throw e;
    }
  }

  private Optional<String> lookAtAll() {
    Instant now = clock.instant();
    Map<Question, Impact> answered = new HashMap<>();
    Set<Name> needed = new HashSet<>();
    Expiries.Found found = expiries.find();
    Optional<String> failed =
        found.isComplete() ? Optional.empty() : Optional.of("not every end is known: see the log");
    for (Expiry expiry : found.all()) {
      if (!expiry.isNear(now)) {
        continue;
      }
      try {
        if (isNeeded(expiry, answered, now)) {
          needed.add(Name.of(expiry));
        }
      } catch (RuntimeException e) {
        if (DatabaseTrouble.behind(e).isPresent()) {
          throw e;
        }
        needed.add(Name.of(expiry)); // what is not known is not cleared
        log.error("{} of {} is not judged now", expiry.what(), expiry.product(), e);
        failed = Optional.of(expiry.what() + " is not judged: see the log");
      }
    }
    for (EndAlarm alarm : found.isComplete() ? store.standing() : List.<EndAlarm>of()) {
      if (!needed.contains(Name.of(alarm))
          && store.clear(alarm.product(), alarm.what(), alarm.ends(), now)) {
        log.info("{}: {} strands nobody any more", alarm.product(), alarm.what());
      }
    }
    store.forgetEnded(now);
    return failed;
  }

  /** Raises the alarm when the end strands somebody. */
  private boolean isNeeded(Expiry expiry, Map<Question, Impact> answered, Instant now) {
    Optional<EndStage> stage = EndStage.of(expiry.ends(), now);
    if (stage.isEmpty()) {
      return false;
    }
    Question question = new Question(expiry.product(), expiry.ask());
    Impact impact = answered.get(question);
    if (impact == null) {
      impact = rotation.of(expiry.product(), change(question));
      answered.put(question, impact);
    }
    List<CohortImpact> stranded = impact.stranded().stream().filter(expiry.by()).toList();
    if (stranded.isEmpty()) {
      return false;
    }
    raise(EndAlarm.of(expiry, stage.get(), stranded, now));
    return true;
  }

  private Change change(Question question) {
    try {
      return Change.read(question.product(), new Fields(question.ask(), ""), this::key);
    } catch (RejectedException e) {
      throw new IllegalStateException("a question of our own is malformed", e);
    }
  }

  private KeyEntry key(String name) {
    return keyring.find(name).orElseThrow(() -> SignerException.notFound("key '" + name + "'"));
  }

  /** What is noted as told is recorded in the same transaction, or neither is. */
  private void raise(EndAlarm alarm) {
    boolean news =
        Boolean.TRUE.equals(
            transaction.execute(
                status -> {
                  boolean first = store.keep(alarm);
                  if (first) {
                    audit.record(
                        Actor.SYSTEM,
                        RecordKind.ALARM_RAISED.code(),
                        "product:" + alarm.product(),
                        alarm.details());
                  }
                  return first;
                }));
    if (news) {
      log.warn("{}: {}", alarm.product(), alarm.text());
    }
  }
}
