package dev.otasigner.service.database;

import java.sql.SQLException;

/** The database server is not there, or does not let the service in. */
public final class DatabaseRefusedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  DatabaseRefusedException(String place, SQLException why) {
    super("no connection to the database at " + place + ": " + why.getMessage(), why);
  }
}
