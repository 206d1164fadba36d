package dev.otasigner.service.replica;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.worker.WorkerLease;
import dev.otasigner.service.Console;
import dev.otasigner.service.ServiceDirectories;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.core.env.Environment;

/** How this service becomes the active one of several. */
public final class Replicas {
  /** The process's exit code when it was the active one and is not any more: start it again. */
  public static final int LOST = 75;

  private static final Logger log = LoggerFactory.getLogger(Replicas.class);
  private static final Duration SHORT = Duration.ofSeconds(1);

  private Replicas() {}

  /**
   * Returns once this service is the active one; until then it stands by.
   *
   * @param arguments what Spring reads
   * @return the lease and the shared directory; empty for a service that is alone
   */
  public static Optional<Active> join(
      Environment environment, List<String> arguments, Console console) {
    Optional<ReplicaSettings> several = ReplicaSettings.of(environment);
    if (several.isEmpty()) {
      return Optional.empty();
    }
    ReplicaSettings settings = several.get();
    try {
      Path worker = ServiceDirectories.under(settings.shared()).worker();
      DurableFile.createDirectories(settings.directory());
      ReplicaSecret secret = ReplicaSecret.in(settings.directory());
      StandBy standBy = new StandBy(settings.lease().silence());
      CompletableFuture<WorkerLease> lease = awaited(worker, settings, standBy, console);
      WorkerLease held = held(lease, SHORT);
      if (held == null) {
        held = standingBy(lease, arguments, settings, secret, standBy, console);
      }
      console.line(
          "active, lease "
              + held.number()
              + (held.isSeized() ? ", taken from a service that showed no life" : ""));
      return Optional.of(new Active(held, settings.shared()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The right to be the service. */
  public record Active(WorkerLease lease, Path shared) {}

  private static CompletableFuture<WorkerLease> awaited(
      Path worker, ReplicaSettings settings, StandBy standBy, Console console) {
    return CompletableFuture.supplyAsync(
        () ->
            WorkerLease.await(worker, settings.lease(), standBy::silent, how -> lost(how, console)),
        task -> {
          Thread thread = new Thread(task, "replica");
          thread.setDaemon(true);
          thread.start();
        });
  }

  /** Not in an orderly way: nothing is to be written any more, to no file and no table. */
  private static void lost(String how, Console console) {
    log.error("this service is not the active one any more, and ends: {}", how);
    console.line("not active any more: " + how);
    Runtime.getRuntime().halt(LOST);
  }

  private static WorkerLease standingBy(
      CompletableFuture<WorkerLease> lease,
      List<String> arguments,
      ReplicaSettings settings,
      ReplicaSecret secret,
      StandBy standBy,
      Console console) {
    SpringApplication application = new SpringApplication(StandByConfiguration.class);
    application.addInitializers(context -> register(context, settings, secret, standBy));
    List<String> all = new ArrayList<>(arguments);
    all.add("--server.shutdown=immediate");
    try (ConfigurableApplicationContext context = application.run(all.toArray(String[]::new))) {
      if (context instanceof WebServerApplicationContext web && web.getWebServer() != null) {
        console.line("stand-by on port " + web.getWebServer().getPort());
      }
      WorkerLease held = held(lease, Duration.ofDays(36_500));
      standBy.ends();
      if (held == null) {
        throw new IllegalStateException("the lease was waited for, and did not come");
      }
      return held;
    }
  }

  /** What the stand-by's configuration asks for. */
  static void register(
      ConfigurableApplicationContext context,
      ReplicaSettings settings,
      ReplicaSecret secret,
      StandBy standBy) {
    GenericApplicationContext beans = (GenericApplicationContext) context;
    beans.registerBean(ReplicaSettings.class, () -> settings);
    beans.registerBean(ReplicaSecret.class, () -> secret);
    beans.registerBean(StandBy.class, () -> standBy);
  }

  /** Null when it does not come in time. */
  private static @Nullable WorkerLease held(
      CompletableFuture<WorkerLease> lease, Duration patience) {
    try {
      return lease.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the lease was waited for", e);
    }
  }
}
