package dev.otasigner.service.keyring;

import dev.otasigner.keys.worker.RemoteWorker;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The workers of this service, by the name of the token that each of them holds. */
final class Tokens implements AutoCloseable {
  private final Worker software;
  private final @Nullable RemoteWorker hsm;

  Tokens(Worker software, @Nullable RemoteWorker hsm) {
    this.software = software;
    this.hsm = hsm;
  }

  Set<TokenName> names() {
    return hsm == null ? EnumSet.of(TokenName.SOFTWARE) : EnumSet.allOf(TokenName.class);
  }

  /**
   * The worker of a token.
   *
   * @throws SignerException BAD_REQUEST when this service has no such token
   */
  Worker of(TokenName name) {
    return switch (name) {
      case SOFTWARE -> software;
      case HSM -> {
        if (hsm == null) {
          throw new SignerException(
              ProblemType.BAD_REQUEST,
              "this service has no token named 'hsm': signer.hsm.directory is not set");
        }
        yield hsm;
      }
    };
  }

  /** How the processes of a token fare that has any. */
  Optional<RemoteWorker.Standing> standing(TokenName name) {
    return name == TokenName.HSM && hsm != null ? Optional.of(hsm.standing()) : Optional.empty();
  }

  @Override
  public void close() {
    try {
      if (hsm != null) {
        hsm.close();
      }
    } finally {
      software.close();
    }
  }
}
