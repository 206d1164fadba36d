package dev.otasigner.service.database;

import dev.otasigner.service.problem.DatabaseTrouble;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.task.ThreadPoolTaskSchedulerCustomizer;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.stereotype.Component;
import org.springframework.util.ErrorHandler;

/**
 * What becomes of scheduled work while the database is away: it fails, is done at a later turn, and
 * the log says once that the database went and once that it came back.
 */
@Component
public class DatabaseWatch implements ErrorHandler {
  private static final Logger log = LoggerFactory.getLogger(DatabaseWatch.class);
  private static final int VALID_SECONDS = 3;

  private final DataSource database;
  private final AtomicBoolean away = new AtomicBoolean();

  public DatabaseWatch(DataSource database) {
    this.database = database;
  }

  /** Whether it did not answer when it was last asked. */
  public boolean isAway() {
    return away.get();
  }

  /** Whether this was thrown because it does not answer, which is remembered and logged once. */
  public boolean isNowAwayBy(Throwable thrown) {
    if (!DatabaseTrouble.behind(thrown).equals(Optional.of(DatabaseTrouble.AWAY))) {
      return false;
    }
    if (away.compareAndSet(false, true)) {
      log.warn("the database does not answer; what waits for it is done later: {}", why(thrown));
    }
    return true;
  }

  /** What is asked of the database for health, or that it can not be told now. */
  public Health health(Supplier<Health> asked) {
    if (!isAway()) {
      try {
        return asked.get();
      } catch (RuntimeException e) {
        if (!isNowAwayBy(e)) {
          throw e;
        }
      }
    }
    return Health.unknown().withDetail("trouble", "the database does not answer").build();
  }

  /** The driver's words, which tell more than those around them. */
  private static String why(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  @Override
  public void handleError(Throwable thrown) {
    if (!isNowAwayBy(thrown)) {
      log.error("scheduled work failed", thrown);
    }
  }

  /** Looks for a database that was away, and for no other. */
  @Scheduled(initialDelay = 5_000, fixedDelay = 5_000)
  void look() {
    if (!away.get()) {
      return;
    }
    try (Connection connection = database.getConnection()) {
      if (connection.isValid(VALID_SECONDS) && away.compareAndSet(true, false)) {
        log.warn("the database answers again");
      }
    } catch (SQLException stillAway) {
      log.debug("the database is still away", stillAway);
    }
  }

  /** Puts this in the scheduler's place for failures. */
  @Component
  static final class Scheduling implements ThreadPoolTaskSchedulerCustomizer {
    private final ObjectProvider<DatabaseWatch> watch;

    Scheduling(ObjectProvider<DatabaseWatch> watch) {
      this.watch = watch;
    }

    @Override
    public void customize(ThreadPoolTaskScheduler scheduler) {
      scheduler.setErrorHandler(thrown -> watch.getObject().handleError(thrown));
    }
  }
}
