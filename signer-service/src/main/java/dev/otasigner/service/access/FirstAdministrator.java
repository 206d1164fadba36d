package dev.otasigner.service.access;

import dev.otasigner.service.Console;
import java.util.Set;
import org.springframework.boot.web.server.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Makes the user {@code admin} when there is no user at all, and shows the password once. It is
 * printed before the user is committed: a service killed in between starts again with no user and
 * prints another.
 */
@Component
class FirstAdministrator {
  private final Users users;
  private final Accounts accounts;
  private final Console console;

  FirstAdministrator(Users users, Accounts accounts, Console console) {
    this.users = users;
    this.accounts = accounts;
    this.console = console;
  }

  @EventListener
  @Transactional
  public void onStarted(ServletWebServerInitializedEvent event) {
    console.line("listening on http://127.0.0.1:" + event.getWebServer().getPort());
    if (users.count() == 0) {
      String password =
          accounts.createFirst("admin", Rights.everywhere(Set.of(Role.ADMINISTRATOR)));
      console.line("administrator password (shown once): " + password);
    }
  }
}
