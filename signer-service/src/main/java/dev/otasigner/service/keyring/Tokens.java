package dev.otasigner.service.keyring;

import dev.otasigner.keys.worker.RemoteWorker;
import dev.otasigner.keys.worker.Rule;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The workers of this service, by the name of the token that each of them holds. */
final class Tokens implements AutoCloseable {
  private final TokenWorker software;
  private final @Nullable RemoteWorker hsm;

  Tokens(TokenWorker software, @Nullable RemoteWorker hsm) {
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

  /** The worker that keys move away from. */
  TokenWorker software() {
    return software;
  }

  /**
   * The workers that may hold the key: both, while a move of it is not finished. What ends or
   * narrows a key is told to all of them, lest a changed row brings the other one back.
   */
  List<Worker> holding(TokenName name, Digest keyId) {
    if (name == TokenName.HSM) {
      return List.of(of(name), software);
    }
    return software.rule(keyId).filter(Rule::handedOver).isPresent()
        ? List.of(software, of(TokenName.HSM))
        : List.of(software);
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
