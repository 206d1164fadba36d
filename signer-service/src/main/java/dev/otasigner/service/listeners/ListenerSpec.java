package dev.otasigner.service.listeners;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Fields;

/**
 * A listener as it is wanted.
 *
 * @param port as devices dial it; see {@link PortRule} for where it is bound
 */
public record ListenerSpec(String name, int port, ListenerKind kind, TlsPolicy tls) {
  public ListenerSpec {
    if (!Fields.isName(name)) {
      throw new SignerException(
          ProblemType.BAD_REQUEST, "name: a name of [a-z0-9-]{1,32} is expected");
    }
    if (port < 1 || port > 65535) {
      throw new SignerException(ProblemType.BAD_REQUEST, "port: 1 to 65535 is expected");
    }
  }
}
