package dev.otasigner.service.access;

import dev.otasigner.service.report.Period;
import dev.otasigner.service.report.ReportKind;
import dev.otasigner.service.report.ReportSource;
import dev.otasigner.service.report.Section;
import java.util.ArrayList;
import java.util.List;
import org.springframework.stereotype.Component;

/** People, API keys, their rights, and how their credentials are kept. */
@Component
class AccessReport implements ReportSource {
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
    List<List<String>> administrators =
        accounts.users().stream()
            .filter(user -> user.rights().has(Role.ADMINISTRATOR))
            .map(user -> List.of(user.name(), user.rights().join()))
            .toList();
    return List.of(
        new Section(
            "Administrators",
            List.of("An administrator keeps users, API keys and listeners, and signs nothing."),
            List.of("user", "roles"),
            administrators),
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

  private static String hours() {
    return SignIn.SESSION.toHours() + " hours at most";
  }
}
