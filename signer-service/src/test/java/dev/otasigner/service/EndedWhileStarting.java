package dev.otasigner.service;

import jakarta.persistence.EntityManagerFactory;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * The service in a process of its own that gets a SIGTERM when it listens already and has work of
 * its start before it: the work goes on when everything that it needs is closed.
 */
public final class EndedWhileStarting {
  private EndedWhileStarting() {}

  public static void main(String[] args) {
    System.setProperty("spring.main.sources", First.class.getName());
    Thread main = Thread.currentThread();
    // The end waits, so that whatever the start says still comes out.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> await(main)));
    SignerService.main(args);
  }

  private static void await(Thread thread) {
    try {
      thread.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Comes before all work of the start; unmarked, so that no scan of a test finds it. */
  public static class First {
    private final EntityManagerFactory database;

    First(EntityManagerFactory database) {
      this.database = database;
    }

    @EventListener(ApplicationReadyEvent.class)
    @Order(Ordered.HIGHEST_PRECEDENCE)
    public void end() throws IOException {
      String self = Long.toString(ProcessHandle.current().pid());
      new ProcessBuilder("kill", "-TERM", self).inheritIO().start();
      while (database.isOpen()) {
        LockSupport.parkNanos(1_000_000);
      }
    }
  }
}
