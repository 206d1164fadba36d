package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Contender;
import dev.otasigner.service.ServiceTest;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** What else happens to a user at the moment a password changes. */
@ServiceTest
class PasswordChangesTests {
  private static final String OLD = "correct horse battery";
  private static final String ADDRESS = "192.0.2.8";

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private Users users;
  @Autowired private Sessions sessions;
  @Autowired private ApiKeys apiKeys;
  @Autowired private Accounts accounts;
  @Autowired private Passwords passwords;
  @Autowired private Attempts attempts;
  @Autowired private ApplicationEventPublisher events;
  @Autowired private UnknownNames unknown;
  @Autowired private TransactionTemplate transaction;
  @Autowired private DataSource database;
  @Autowired private JdbcClient jdbc;

  private Admin admin = Admin.anonymous(0);
  private Admin self = Admin.anonymous(0);
  private String name = "";

  @BeforeEach
  void newUser() {
    admin = Admin.withEveryRole(port, printed.password());
    name = "w" + Long.toHexString(System.nanoTime());
    String oneTime =
        admin
            .post("/api/v1/users", "{'name':'" + name + "','roles':['auditor','pipeline']}")
            .expect(201)
            .string("oneTimePassword");
    accounts.changeOwnPassword(name, oneTime, OLD, ADDRESS);
    self = Admin.anonymous(port).signIn(name, OLD);
  }

  /** Reads the time once the user was looked up. */
  private SignIn signIn(Clock clock) {
    return new SignIn(
        users,
        sessions,
        apiKeys,
        accounts,
        passwords,
        attempts,
        events,
        unknown,
        clock,
        transaction);
  }

  /** Has somebody do something at the first look. */
  private final class Interrupted extends Clock {
    private final Callable<?> work;
    private final List<FutureTask<?>> started = new ArrayList<>();

    Interrupted(Callable<?> work) {
      this.work = work;
    }

    @Override
    public Instant instant() {
      if (started.isEmpty()) {
        started.add(Contender.start(database, work));
      }
      return Clock.systemUTC().instant();
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @Test
  void sessionOpenedWithTheOldPasswordDoesNotSurviveItsChange() throws Exception {
    Interrupted clock =
        new Interrupted(
            () -> {
              accounts.changeOwnPassword(name, OLD, OLD + " staple", ADDRESS);
              return true;
            });
    SignIn signIn = signIn(clock);
    SignIn.Opened opened = signIn.open(name, OLD, ADDRESS);
    clock.started.get(0).get();
    assertThat(signIn.actor(opened.token())).isEmpty();
  }

  @Test
  void laterOfTwoChangesAtOnceIsAConflict() throws Exception {
    FutureTask<Admin.Answer> other =
        transaction.execute(
            status -> {
              accounts.changeOwnPassword(name, OLD, OLD + " staple", ADDRESS);
              return Contender.start(database, () -> change(OLD + " tack"));
            });
    assertThat(other.get().expectProblem(409, "conflict").string("detail"))
        .isEqualTo("the password was just changed");
    Admin.anonymous(port).signIn(name, OLD + " staple");
  }

  private Admin.Answer change(String password) {
    return self.put(
        "/api/v1/users/" + name + "/password",
        "{'current':'" + OLD + "','password':'" + password + "'}");
  }

  /** As whoever signs in does: else the two would wait for each other. */
  @Test
  void passwordIsSetWithTheUserHeldBeforeTheSessions() throws Exception {
    FutureTask<Admin.Answer> reset =
        holding(
            () -> admin.put("/api/v1/users/" + name + "/password", "{}"),
            "update access_session set expires = expires where user_name = ?",
            name);
    reset.get().expect(200);
    self.get("/api/v1/whoami").expectProblem(401, "unauthenticated");
  }

  @Test
  void userIsDeletedHeldBeforeItsKeys() throws Exception {
    self.post("/api/v1/api-keys", "{'name':'" + name + "','roles':['pipeline'],'days':1}")
        .expect(201);
    FutureTask<Admin.Answer> deleted =
        holding(
            () -> admin.delete("/api/v1/users/" + name),
            "update access_api_key set expires = expires where created_by = ?",
            "user:" + name);
    deleted.get().expect(204);
  }

  /** Changes what is the user's while somebody waits for the user. */
  private FutureTask<Admin.Answer> holding(
      Callable<Admin.Answer> work, String update, String parameter) {
    return transaction.execute(
        status -> {
          assertThat(users.hold(name)).isPresent();
          FutureTask<Admin.Answer> task = Contender.start(database, work);
          assertThat(task.isDone()).isFalse();
          assertThat(jdbc.sql(update).param(parameter).update()).isPositive();
          return task;
        });
  }

  @Test
  void changeThatSomebodyElseOvertookIsAConflictNotAFailure() throws Exception {
    FutureTask<Admin.Answer> granted =
        transaction.execute(
            status -> {
              jdbc.sql("update access_user set edition = edition + 1 where name = ?")
                  .param(name)
                  .update();
              return Contender.start(
                  database,
                  () ->
                      admin.post(
                          "/api/v1/users/" + name + "/roles", "{'grant':['release-engineer']}"));
            });
    assertThat(granted.get().expectProblem(409, "conflict").string("detail"))
        .contains("at this moment; try again");
  }
}
