package dev.otasigner.service.access;

import dev.otasigner.service.Console;
import java.util.Set;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.WebServer;
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

  /** As a client on this machine would write it. */
  private static String address(WebServer server) {
    boolean tls =
        server instanceof TomcatWebServer tomcat && tomcat.getTomcat().getConnector().getSecure();
    return (tls ? "https://localhost:" : "http://127.0.0.1:") + server.getPort();
  }

  @EventListener
  @Transactional
  public void onStarted(ServletWebServerInitializedEvent event) {
    console.line("listening on " + address(event.getWebServer()));
    if (users.count() == 0) {
      String password =
          accounts.createFirst("admin", Rights.everywhere(Set.of(Role.ADMINISTRATOR)));
      console.line("administrator password (shown once): " + password);
    }
  }
}
