package dev.otasigner.service;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * Lets go of connections that are good for nothing more: those to an embedded database that has
 * closed itself, as H2 does when it can not write (once the last of them is gone, the next one
 * opens it anew), and those to a PostgreSQL that only reads, as another is the primary now.
 */
public final class ClosedDatabase implements SQLExceptionOverride {
  /** H2's DATABASE_IS_CLOSED, which is no connection error by its SQL state. */
  private static final int CLOSED = 90098;

  private static final String READ_ONLY = "25006";

  @java.lang.Override
  public Override adjudicate(SQLException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql
          && (sql.getErrorCode() == CLOSED || READ_ONLY.equals(sql.getSQLState()))) {
        return Override.MUST_EVICT;
      }
    }
    return Override.CONTINUE_EVICT;
  }
}
