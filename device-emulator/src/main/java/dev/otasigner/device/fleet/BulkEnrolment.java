package dev.otasigner.device.fleet;

import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.FactoryLine;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.device.fleet.Member.Standing;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.RejectedException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.security.KeyPair;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Enrols many devices over as many connections as devices are on at a time. */
final class BulkEnrolment implements Closeable {
  private static final int TRIES = 6;
  private static final int SERVER_ERRORS = 500;

  private final FleetPlan plan;
  private final Supplier<Server> factory;
  private final FleetCredentials credentials;
  private final ExecutorService workers;

  BulkEnrolment(FleetPlan plan, Supplier<Server> factory, FleetCredentials credentials) {
    this.plan = plan;
    this.factory = factory;
    this.credentials = credentials;
    this.workers = Executors.newFixedThreadPool(plan.concurrency());
  }

  /** Enrols them all, or marks those that the service turns down. */
  void enrol(List<Member> members) throws IOException, RejectedException {
    if (members.isEmpty()) {
      return;
    }
    Map<String, FactoryLine> lines = lines(members);
    ConcurrentLinkedQueue<Member> waiting = new ConcurrentLinkedQueue<>(members);
    List<Future<?>> working = new ArrayList<>();
    for (int i = 0; i < plan.concurrency(); i++) {
      working.add(
          workers.submit(
              () -> {
                try (Connection connection = new Connection()) {
                  for (Member m = waiting.poll(); m != null; m = waiting.poll()) {
                    enrol(m, lines, connection);
                  }
                }
                return null;
              }));
    }
    for (Future<?> work : working) {
      try {
        work.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("enrolment was interrupted");
      } catch (ExecutionException e) {
        if (e.getCause() instanceof IOException trouble) {
          throw trouble;
        }
        throw new IllegalStateException("a device could not be enrolled", e.getCause());
      }
    }
  }

  /** A line for each cohort that has a device to be made. */
  private Map<String, FactoryLine> lines(List<Member> members)
      throws IOException, RejectedException {
    Map<String, FactoryLine> lines = new HashMap<>();
    try (Server server = factory.get()) {
      for (Member member : members) {
        String cohort = member.cohort().name();
        if (!lines.containsKey(cohort)) {
          lines.put(cohort, FactoryLine.open(server, device(member)));
        }
      }
    }
    return lines;
  }

  private NewDevice device(Member member) {
    return member.cohort().device(plan.product(), member.number());
  }

  /** A worker's connection, made anew after trouble. */
  private final class Connection implements Closeable {
    private Server server = factory.get();

    void renew() throws IOException {
      server.close();
      server = factory.get();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  private void enrol(Member member, Map<String, FactoryLine> lines, Connection connection)
      throws IOException {
    FactoryLine line = lines.get(member.cohort().name());
    if (line == null) {
      throw new IllegalStateException("no line for " + member.cohort().name());
    }
    Credential credential;
    try {
      credential = credentials.of(member.id(), line.clientKey());
    } catch (IOException e) {
      member.end(Standing.NOT_ENROLLED, String.valueOf(e.getMessage()));
      return;
    }
    Optional<KeyPair> keys =
        member.file().isPresent() || credentials instanceof FleetCredentials.Factory
            ? Optional.empty()
            : Optional.of(ClientKeys.generate(line.clientKey()));
    for (int attempt = 1; ; attempt++) {
      try {
        make(member, line, connection.server, credential, keys);
        return;
      } catch (StatusException e) {
        if (e.status() < SERVER_ERRORS || attempt == TRIES) {
          member.end(Standing.NOT_ENROLLED, "enrolment: HTTP " + e.status());
          return;
        }
      } catch (RejectedException e) {
        member.end(Standing.NOT_ENROLLED, e.reason().code());
        return;
      } catch (IOException e) {
        if (attempt == TRIES) {
          throw e;
        }
      }
      connection.renew();
      pause(member);
    }
  }

  private void make(
      Member member, FactoryLine line, Server server, Credential credential, Optional<KeyPair> keys)
      throws IOException, RejectedException {
    if (member.file().isPresent()) {
      Files.createDirectories(member.file().get().toAbsolutePath().getParent());
      line.make(server, device(member), credential, member.file().get());
      member.enrolled();
    } else {
      member.enrolled(line.make(server, device(member), credential, keys));
    }
  }

  private static void pause(Member member) throws IOException {
    try {
      TimeUnit.MILLISECONDS.sleep(member.backoff().failed().toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("enrolment was interrupted");
    }
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}
