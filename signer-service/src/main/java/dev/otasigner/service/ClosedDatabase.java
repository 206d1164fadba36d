package dev.otasigner.service;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/**
 * Lets go of connections to an embedded database that has closed itself, as H2 does when it can not
 * write: once the last of them is gone, the next one opens it anew.
 */
public final class ClosedDatabase implements SQLExceptionOverride {
  /** H2's DATABASE_IS_CLOSED, which is no connection error by its SQL state. */
  private static final int CLOSED = 90098;

  @java.lang.Override
  public Override adjudicate(SQLException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql && sql.getErrorCode() == CLOSED) {
        return Override.MUST_EVICT;
      }
    }
    return Override.CONTINUE_EVICT;
  }
}
