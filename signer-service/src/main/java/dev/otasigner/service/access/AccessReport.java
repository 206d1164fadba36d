package dev.otasigner.service.access;

import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.springframework.stereotype.Component;

/** People, API keys, their rights, and how their credentials are kept. */
@Component
class AccessReport implements ReportSource {
  private static final Set<Role> SIGNING =
      EnumSet.of(Role.RELEASE_ENGINEER, Role.APPROVER, Role.KEY_CUSTODIAN, Role.PIPELINE);

  private final Accounts accounts;
  private final IssuedTokens issued;

  AccessReport(Accounts accounts, IssuedTokens issued) {
    this.accounts = accounts;
    this.issued = issued;
  }

  @Override
  public ReportKind kind() {
    return ReportKind.ACCESS;
  }

  @Override
  public int position() {
    return 0;
  }

  @Override
  public List<Section> sections(Period period) {
    List<List<String>> users = new ArrayList<>();
    for (User user : accounts.users()) {
      users.add(
          List.of(
              user.name(),
              user.rights().join(),
              user.created().toString(),
              user.isOneTime() ? "one-time, to be changed" : "own"));
    }
    List<List<String>> keys = new ArrayList<>();
    for (ApiKey key : accounts.apiKeys()) {
      keys.add(
          List.of(
              key.name(),
              String.join(",", key.roles()),
              key.product().orElse("all"),
              key.createdBy(),
              key.created().toString(),
              key.expires().toString()));
    }
    List<User> administrators =
        accounts.users().stream()
            .filter(user -> user.rights().hasSomewhere(Role.ADMINISTRATOR))
            .toList();
    return List.of(
        new Section(
            "Administrators",
            List.of(whetherTheySign(administrators)),
            List.of("user", "roles"),
            administrators.stream()
                .map(user -> List.of(user.name(), user.rights().join()))
                .toList()),
        new Section(
            "Users and their rights",
            List.of(),
            List.of("user", "roles", "since", "password"),
            users),
        new Section(
            "API keys",
            List.of("Random, shown once, kept as a hash; each ends by itself."),
            List.of("name", "roles", "product", "made by", "since", "until"),
            keys),
        new Section(
            "Issuers",
            List.of(
                issued.rules().isEmpty()
                    ? "No token of another issuer is taken."
                    : "Whoever comes with an issuer's token has the rights of the claims in it."),
            List.of("issuer", "address", "audience", "claims", "roles"),
            issued.rules()),
        Section.ofNotes(
            "Credentials",
            Passwords.kept(),
            Attempts.slowed(),
            "A session lasts " + hours() + "."));
  }

  /** The role does not, and yet people may hold others too. */
  private static String whetherTheySign(List<User> administrators) {
    List<String> more =
        administrators.stream()
            .filter(user -> !Collections.disjoint(user.rights().roles(), SIGNING))
            .map(User::name)
            .toList();
    return "The role administrator neither requests nor approves signatures, and keeps no keys. "
        + (more.isEmpty()
            ? "None of these people holds a role that does."
            : "A role that does is also held by: " + String.join(", ", more) + ".");
  }

  private static String hours() {
    return SignIn.SESSION.toHours() + " hours at most";
  }
}
