package dev.otasigner.service.problem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.otasigner.service.Contender;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.TestDatabase;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.http.ResponseEntity;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.web.method.annotation.ExceptionHandlerMethodResolver;

/** What the database says of two that want the same thing is no failure of the service. */
@OnBothDatabases
@ServiceTest
class OvertakenTests {
  @Autowired private ProblemAdvice advice;
  @Autowired private DataSource database;

  private static void run(Connection connection, String sql) {
    new JdbcTemplate(new SingleConnectionDataSource(connection, true)).execute(sql);
  }

  private static DataAccessException thrown(FutureTask<?> task) throws InterruptedException {
    try {
      task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DataAccessException found) {
        return found;
      }
    }
    throw new AssertionError("nobody was in the way");
  }

  private static boolean isDone(FutureTask<?> task) throws InterruptedException {
    try {
      task.get();
      return true;
    } catch (ExecutionException e) {
      return false;
    }
  }

  /** As the advice answers, whatever the driver and Spring made of it. */
  private void assertConflict(DataAccessException e) throws Exception {
    Method handler =
        new ExceptionHandlerMethodResolver(ProblemAdvice.class).resolveMethodByThrowable(e);
    Object answer = java.util.Objects.requireNonNull(handler).invoke(advice, e, request());
    assertThat(answer)
        .asInstanceOf(type(ResponseEntity.class))
        .satisfies(found -> assertThat(found.getStatusCode().value()).isEqualTo(409));
  }

  private static MockHttpServletRequest request() {
    return new MockHttpServletRequest();
  }

  /** Two rows in a table of its own. */
  private void prepare() throws Exception {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("drop table if exists overtaken");
      statement.execute("create table overtaken (id int primary key, n int)");
      statement.execute("insert into overtaken values (1, 0), (2, 0)");
    }
  }

  @Test
  void waitingTooLongForWhatAnotherHoldsIsAConflict() throws Exception {
    prepare();
    try (Connection holder = database.getConnection();
        Connection late = database.getConnection()) {
      holder.setAutoCommit(false);
      run(holder, "update overtaken set n = 1 where id = 1");
      run(late, TestDatabase.isPostgres() ? "set lock_timeout = 1" : "set lock_timeout 1");
      FutureTask<?> task =
          new FutureTask<>(() -> run(late, "update overtaken set n = 2 where id = 1"), null);
      task.run();
      run(late, TestDatabase.isPostgres() ? "set lock_timeout = 10000" : "set lock_timeout 10000");
      holder.rollback();
      assertConflict(thrown(task));
    }
  }

  @Test
  void waitingForEachOtherIsAConflict() throws Exception {
    prepare();
    try (Connection one = database.getConnection();
        Connection two = database.getConnection()) {
      one.setAutoCommit(false);
      two.setAutoCommit(false);
      run(one, "update overtaken set n = 1 where id = 1");
      run(two, "update overtaken set n = 2 where id = 2");
      FutureTask<?> first =
          Contender.start(
              database,
              () -> {
                run(one, "update overtaken set n = 1 where id = 2");
                return true;
              });
      FutureTask<?> second =
          new FutureTask<>(() -> run(two, "update overtaken set n = 2 where id = 1"), null);
      second.run();
      two.rollback();
      // H2 lets the second one lose, PostgreSQL whoever has waited for long enough.
      DataAccessException loser = isDone(first) ? thrown(second) : thrown(first);
      one.rollback();
      assertConflict(loser);
    }
  }

  /** Not one of a lock: nobody foresaw it. */
  @Test
  void otherTimeoutIsAFailure() {
    QueryTimeoutException e = new QueryTimeoutException("stopped");
    assertThat(advice.onOvertaken(e, request()).getStatusCode().value()).isEqualTo(500);
  }
}
