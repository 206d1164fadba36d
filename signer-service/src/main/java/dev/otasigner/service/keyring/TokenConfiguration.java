package dev.otasigner.service.keyring;

import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.keys.worker.Recovery;
import dev.otasigner.keys.worker.RemoteWorker;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.keys.worker.WorkerLaunch;
import dev.otasigner.keys.worker.WorkerLease;
import dev.otasigner.keys.worker.WorkerPatience;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.watch.Metric;
import dev.otasigner.service.watch.Metrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Opens the software token and its worker, making both at the first start; {@link TokenSecrets} has
 * its passphrase.
 *
 * <p>{@code signer.hsm.directory} names the directory of a second worker, whose {@code worker.json}
 * says where a token behind PKCS#11 lies; {@code signer.worker.command} is how its process is
 * started, where not on the service's own JVM and by its user.
 */
@Configuration(proxyBeanMethods = false)
class TokenConfiguration {
  private static final Logger log = LoggerFactory.getLogger(TokenConfiguration.class);

  @Bean(destroyMethod = "close")
  Tokens tokens(
      ServiceDirectories directories,
      Clock clock,
      TokenSecrets secrets,
      Metrics metrics,
      ObjectProvider<WorkerLease> lease,
      @Value("${signer.hsm.directory:}") String hsmDirectory,
      @Value("${signer.worker.command:}") String workerCommand)
      throws IOException {
    Optional<WorkerLease> shared = Optional.ofNullable(lease.getIfAvailable());
    TokenWorker software = software(directories, clock, secrets, metrics, shared);
    return new Tokens(
        software,
        hsmDirectory.isEmpty() ? null : hsm(Path.of(hsmDirectory), workerCommand, secrets, shared));
  }

  /**
   * A worker that is a process of its own. Its directory, and what is in it, is the operator's.
   *
   * @param command program and arguments, divided by spaces
   */
  private static RemoteWorker hsm(
      Path directory, String command, TokenSecrets secrets, Optional<WorkerLease> shared) {
    Set<String> withheld = Set.of(secrets.variable());
    WorkerLaunch launch =
        command.isBlank()
            ? WorkerLaunch.onThisJvm(directory, withheld)
            : WorkerLaunch.by(List.of(command.strip().split(" +")), directory, withheld);
    Consumer<String> told = news -> log.warn("token hsm: {}", news);
    Optional<Passphrase> pin = secrets.pin();
    if (shared.isPresent()) {
      try {
        return RemoteWorker.startUnder(shared.get(), launch, WorkerPatience.USUAL, pin, told);
      } finally {
        pin.ifPresent(Passphrase::close);
      }
    }
    if (pin.isEmpty()) {
      return RemoteWorker.start(launch, WorkerPatience.USUAL, told);
    }
    try (Passphrase typed = pin.get()) {
      return RemoteWorker.start(launch, WorkerPatience.USUAL, typed, told);
    }
  }

  private static TokenWorker software(
      ServiceDirectories directories,
      Clock clock,
      TokenSecrets secrets,
      Metrics metrics,
      Optional<WorkerLease> shared)
      throws IOException {
    boolean isNew = !SoftwareToken.existsIn(directories.token());
    SoftwareToken token;
    try (Passphrase passphrase =
        secrets.passphrase(directories.data().resolve("token.passphrase"), isNew)) {
      token =
          isNew
              ? SoftwareToken.create(
                  directories.token(),
                  passphrase,
                  secrets.areGenerated() ? Argon2Cost.FOR_RANDOM : Argon2Cost.RECOMMENDED)
              : shared.isPresent()
                  ? SoftwareToken.seize(directories.token(), passphrase)
                  : SoftwareToken.open(directories.token(), passphrase);
    }
    Consumer<Duration> forced =
        time -> metrics.took(Metric.JOURNAL_FORCE, time, TokenName.SOFTWARE.code());
    TokenWorker worker =
        shared.isPresent()
            ? TokenWorker.open(shared.get(), token, clock, forced)
            : TokenWorker.open(directories.worker(), token, clock, forced);
    Recovery recovery = worker.recovery();
    if (!recovery.isClean()) {
      log.warn(
          "the worker was interrupted: {} uses of keys had no outcome and are recorded as failed;"
              + " {} bytes of an unfinished record were cut off",
          recovery.interrupted(),
          recovery.cutBytes());
    }
    return worker;
  }
}
