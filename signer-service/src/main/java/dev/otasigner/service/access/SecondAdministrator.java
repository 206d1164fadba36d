package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.function.Predicate;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * When a second administrator has to confirm what a first one wants (ADR 12): always, where there
 * is another one and the operator of the machine has not switched it off.
 */
@Component
public class SecondAdministrator {
  private final Accounts accounts;
  private final Users users;
  private final People people;
  private final IssuedTokens issued;
  private final JdbcClient jdbc;
  private final boolean fourEyes;

  SecondAdministrator(
      Accounts accounts,
      Users users,
      People people,
      IssuedTokens issued,
      JdbcClient jdbc,
      @Value("${signer.access.four-eyes}") boolean fourEyes) {
    this.accounts = accounts;
    this.users = users;
    this.people = people;
    this.issued = issued;
    this.jdbc = jdbc;
    this.fourEyes = fourEyes;
  }

  /**
   * Before anything is read, until the transaction ends: administrators decide one after the other.
   */
  public void lock() {
    jdbc.sql("select id from access_lock where id = 1 for update").query(Integer.class).single();
  }

  /** The person behind an actor who is an administrator still: it may have ended while waiting. */
  String person(Actor actor) {
    return person(actor, rights -> rights.has(Role.ADMINISTRATOR));
  }

  /** The same for an administrator of this product. */
  public String person(Actor actor, String product) {
    return person(actor, rights -> rights.has(Role.ADMINISTRATOR, product));
  }

  private String person(Actor actor, Predicate<Rights> administers) {
    if (!administers.test(accounts.rightsNow(actor))) {
      throw new SignerException(ProblemType.FORBIDDEN, "this asks for role administrator");
    }
    return people.behind(actor.label());
  }

  /** Whether there is another one to ask. */
  boolean isNeeded(String person) {
    return isNeeded(
        person, issued.mayGive(Role.ADMINISTRATOR), rights -> rights.has(Role.ADMINISTRATOR));
  }

  /** Whether there is another one of this product to ask. */
  public boolean isNeeded(String person, String product) {
    return isNeeded(
        person,
        issued.mayGive(Role.ADMINISTRATOR, product),
        rights -> rights.has(Role.ADMINISTRATOR, product));
  }

  /** Among the users here, or at an issuer, whose people nobody can count. */
  private boolean isNeeded(String person, boolean issuers, Predicate<Rights> administers) {
    return fourEyes
        && (issuers
            || users.findAll().stream()
                .filter(user -> administers.test(user.rights()))
                .anyMatch(user -> !People.isSame(person, "user:" + user.name())));
  }

  /**
   * Demands that whoever confirms is not whoever proposed.
   *
   * @throws SignerException FORBIDDEN
   */
  public static void requireOther(String person, String proposedBy) {
    if (People.isSame(person, proposedBy)) {
      throw new SignerException(
          ProblemType.FORBIDDEN, "another administrator confirms what " + person + " proposed");
    }
  }
}
