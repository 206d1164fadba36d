package dev.otasigner.service.problem;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.Set;
import org.springframework.transaction.TransactionSystemException;

/** What a database says when it is not the statement that is wrong. */
public enum DatabaseTrouble {
  /** Another transaction has it, or was first; the same again may well succeed. */
  OVERTAKEN,
  /** It can not be reached, is ending, or did not answer in time. */
  AWAY;

  /** H2's number of a lock that another kept for too long; its SQL state says less. */
  private static final int H2_LOCK_TIMEOUT = 50200;

  /** Serialization failure, deadlock, lock not available. */
  private static final Set<String> OVERTAKEN_STATES = Set.of("40001", "40P01", "55P03");

  /**
   * PostgreSQL's: statement cancelled for its time, shutting down, crashed, starting, too many
   * connections, read-only because another is the primary now, idle transaction ended; and H2's:
   * the database has closed itself.
   */
  private static final Set<String> AWAY_STATES =
      Set.of("57014", "57P01", "57P02", "57P03", "53300", "25006", "25P03", "90098");

  /** SQL's class of connections that could not be made, or broke. */
  private static final String CONNECTION_CLASS = "08";

  /** What the pool says of a connection that it has let go because it was of no use any more. */
  private static final String LET_GO = "Connection is closed";

  private static final String UNKEPT_TEXT = "22021";

  /** What is behind this exception, where it is one of these. */
  public static Optional<DatabaseTrouble> behind(Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      Optional<DatabaseTrouble> found =
          t instanceof SQLException e
              ? of(e)
              : t instanceof TransactionSystemException e && e.getApplicationException() != null
                  ? behind(e.getApplicationException())
                  : Optional.empty();
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** Whether it was asked to keep, or look for, a text with a NUL in it: PostgreSQL takes none. */
  static boolean isUnkeptText(Throwable thrown) {
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      if (t instanceof SQLException e && UNKEPT_TEXT.equals(e.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  private static Optional<DatabaseTrouble> of(SQLException e) {
    String state = String.valueOf(e.getSQLState());
    if (e.getErrorCode() == H2_LOCK_TIMEOUT || OVERTAKEN_STATES.contains(state)) {
      return Optional.of(OVERTAKEN);
    }
    boolean isLetGo = e.getSQLState() == null && LET_GO.equals(e.getMessage());
    return isLetGo
            || e instanceof SQLTransientConnectionException
            || state.startsWith(CONNECTION_CLASS)
            || AWAY_STATES.contains(state)
        ? Optional.of(AWAY)
        : Optional.empty();
  }
}
