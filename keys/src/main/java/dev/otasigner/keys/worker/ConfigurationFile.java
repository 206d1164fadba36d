package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.Token;
import dev.otasigner.verifier.Digest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/**
 * The worker's configuration as it was read, and the file that it lies in. Each change begins with
 * what the file says by then, since people edit it; whoever changes several things in a row holds
 * this object's monitor.
 */
final class ConfigurationFile {
  private final Path file;
  private final Token token;
  private final Disk disk;
  private volatile WorkerConfiguration now;

  private ConfigurationFile(Path file, Token token, Disk disk) {
    this.file = file;
    this.token = token;
    this.disk = disk;
    this.now = WorkerConfiguration.read(file);
    now.requireNoApproverKeyIn(token);
  }

  /**
   * Reads the file; where there is none, the embedded default is written.
   *
   * @param token that the worker holds: no approver's key may lie in it
   * @throws TokenUnavailable when it is malformed or open to others
   */
  static ConfigurationFile open(Path file, Token token, Disk disk) {
    if (!Files.exists(file)) {
      WorkerConfiguration.embedded().write(file, disk);
    }
    return new ConfigurationFile(file, token, disk);
  }

  /** What the worker goes by. */
  WorkerConfiguration now() {
    return now;
  }

  /**
   * What the file says, which a person may have changed since.
   *
   * @throws TokenUnavailable when it names another token than the worker has open, or an approver
   *     whose key lies in this one
   */
  WorkerConfiguration written() {
    WorkerConfiguration written = WorkerConfiguration.read(file);
    if (!written.token().equals(now.token())) {
      throw new TokenUnavailable(
          file + ": token: changed since the worker was started; start it again");
    }
    if (!written.approvers().equals(now.approvers())) {
      written.requireNoApproverKeyIn(token);
    }
    return written;
  }

  /** Makes a change durable, and goes by it from then on. */
  synchronized void change(UnaryOperator<WorkerConfiguration> change) {
    WorkerConfiguration changed = change.apply(written());
    changed.write(file, disk);
    now = changed;
  }

  /** Changes the rule of one key; a rule that would stay the same is not written. */
  synchronized void changeRule(Digest keyId, UnaryOperator<Rule> change) {
    WorkerConfiguration current = written();
    Rule rule = current.require(keyId);
    Rule changed = change.apply(rule);
    if (!changed.equals(rule)) {
      change(configuration -> configuration.with(changed, ""));
    }
  }
}
