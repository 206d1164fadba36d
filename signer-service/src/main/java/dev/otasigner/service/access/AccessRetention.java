package dev.otasigner.service.access;

import dev.otasigner.service.report.Retention;
import dev.otasigner.service.report.RetentionSource;
import java.util.List;
import org.springframework.stereotype.Component;

/** How long people, sessions and what waits of them are kept. */
@Component
class AccessRetention implements RetentionSource {
  @Override
  public List<Retention> retentions() {
    return List.of(
        new Retention(
            "users: name, roles, a hash of the password", "an administrator removes them"),
        Retention.of(
            "sessions: a hash of the token",
            SignIn.SESSION,
            "from the sign-in; gone with the next"),
        new Retention(
            "API keys: a hash of the secret",
            "for ever, so that a name means one key; none is good for more than "
                + Accounts.MAX_KEY_DAYS
                + " d"),
        Retention.of("changes of rights that wait", Proposal.STANDS, "unless confirmed earlier"),
        Retention.of(
            "failed sign-ins by user and address, in memory",
            Attempts.FORGOTTEN,
            "after the last one"));
  }
}
