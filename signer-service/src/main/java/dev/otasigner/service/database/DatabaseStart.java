package dev.otasigner.service.database;

import java.sql.SQLException;
import java.sql.Statement;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.callback.Callback;
import org.flywaydb.core.api.callback.Context;
import org.flywaydb.core.api.callback.Event;
import org.flywaydb.core.api.configuration.FluentConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayConfigurationCustomizer;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;

/**
 * How a server's tables are brought up to date: a migration may take as long as it needs, over one
 * of the pool's connections all the same, and the tables of a newer service are refused.
 */
@Component
class DatabaseStart implements FlywayConfigurationCustomizer, Callback {
  private final JdbcConnectionDetails database;

  DatabaseStart(JdbcConnectionDetails database) {
    this.database = database;
  }

  @Override
  public void customize(FluentConfiguration configuration) {
    if (PostgresConnections.isPostgres(database.getJdbcUrl())) {
      configuration.ignoreMigrationPatterns(new String[0]).callbacks(this);
    }
  }

  @Override
  public boolean supports(Event event, Context context) {
    return event == Event.BEFORE_EACH_MIGRATE
        && PostgresConnections.isPostgres(database.getJdbcUrl());
  }

  @Override
  public boolean canHandleInTransaction(Event event, Context context) {
    return true;
  }

  /** Until the end of the migration's transaction; the pool resets its connections' own end. */
  @Override
  public void handle(Event event, Context context) {
    try (Statement statement = context.getConnection().createStatement()) {
      context.getConnection().setNetworkTimeout(Runnable::run, 0);
      statement.execute("set local statement_timeout = 0");
    } catch (SQLException e) {
      throw new FlywayException("the migration's ends could not be lifted", e);
    }
  }

  @Override
  public String getCallbackName() {
    return "ends-of-migrations";
  }
}
