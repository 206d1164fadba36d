package dev.otasigner.service.keyring;

import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.keys.worker.Recovery;
import dev.otasigner.keys.worker.RemoteWorker;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.keys.worker.WorkerLaunch;
import dev.otasigner.keys.worker.WorkerPatience;
import dev.otasigner.service.ServiceDirectories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Opens the software token and its worker, making both at the first start. The passphrase comes
 * from the file of {@code signer.token.passphrase-file} or the environment variable that {@code
 * signer.token.passphrase-env} names; without either, a random one is made and kept beside the
 * token's directory, so that a copy of that directory alone opens nothing.
 *
 * <p>{@code signer.hsm.directory} names the directory of a second worker, whose {@code worker.json}
 * says where a token behind PKCS#11 lies; {@code signer.worker.command} is how its process is
 * started, where not on the service's own JVM and by its user.
 */
@Configuration(proxyBeanMethods = false)
class TokenConfiguration {
  private static final Logger log = LoggerFactory.getLogger(TokenConfiguration.class);

  /** A random passphrase of 256 bits is not guessed at any price: it need not cost memory. */
  private static final Argon2Cost FOR_RANDOM = new Argon2Cost(8 * 1024, 1, 1);

  @Bean(destroyMethod = "close")
  Tokens tokens(
      ServiceDirectories directories,
      Clock clock,
      @Value("${signer.token.passphrase-file:}") String passphraseFile,
      @Value("${signer.token.passphrase-env:}") String passphraseVariable,
      @Value("${signer.hsm.directory:}") String hsmDirectory,
      @Value("${signer.worker.command:}") String workerCommand)
      throws IOException {
    Worker software = software(directories, clock, passphraseFile, passphraseVariable);
    return new Tokens(
        software,
        hsmDirectory.isEmpty()
            ? null
            : hsm(Path.of(hsmDirectory), workerCommand, Set.of(passphraseVariable)));
  }

  /**
   * A worker that is a process of its own. Its directory, and what is in it, is the operator's.
   *
   * @param command program and arguments, divided by spaces
   * @param withheld environment variables that are not its business
   */
  private static RemoteWorker hsm(Path directory, String command, Set<String> withheld) {
    return RemoteWorker.start(
        command.isBlank()
            ? WorkerLaunch.onThisJvm(directory, withheld)
            : WorkerLaunch.by(List.of(command.strip().split(" +")), directory, withheld),
        WorkerPatience.USUAL,
        news -> log.warn("token hsm: {}", news));
  }

  private static Worker software(
      ServiceDirectories directories, Clock clock, String passphraseFile, String passphraseVariable)
      throws IOException {
    boolean own = passphraseFile.isEmpty() && passphraseVariable.isEmpty();
    SoftwareToken token;
    try (Passphrase passphrase =
        own
            ? generated(directories.data().resolve("token.passphrase"))
            : configured(passphraseFile, passphraseVariable, System.getenv())) {
      token =
          SoftwareToken.existsIn(directories.token())
              ? SoftwareToken.open(directories.token(), passphrase)
              : SoftwareToken.create(
                  directories.token(), passphrase, own ? FOR_RANDOM : Argon2Cost.RECOMMENDED);
    }
    TokenWorker worker = TokenWorker.open(directories.worker(), token, clock);
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

  private static Passphrase generated(Path file) throws IOException {
    if (!Files.exists(file)) {
      Passphrase.generateFile(file);
    }
    return Passphrase.ofFile(file);
  }

  private static Passphrase configured(
      String file, String variable, Map<String, String> environment) throws IOException {
    return file.isEmpty()
        ? Passphrase.ofEnvironment(environment, variable)
        : Passphrase.ofFile(Path.of(file));
  }
}
