package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.List;

/** Tokens that somebody else has issued, and this service takes. */
public interface IssuedTokens {
  /** Of a service that takes none. */
  IssuedTokens NONE =
      new IssuedTokens() {
        @Override
        public Actor actor(Secret token, String address) {
          throw new SignerException(
              ProblemType.UNAUTHENTICATED, "the token is unknown, expired or withdrawn");
        }

        @Override
        public List<List<String>> outbound() {
          return List.of();
        }

        @Override
        public List<List<String>> rules() {
          return List.of();
        }

        @Override
        public boolean mayGive(Role role) {
          return false;
        }

        @Override
        public boolean mayGive(Role role, String product) {
          return false;
        }
      };

  /**
   * Whom a token stands for now.
   *
   * @param address where the request came from
   * @throws SignerException whenever it stands for nobody
   */
  Actor actor(Secret token, String address);

  /** Where issuers' keys are fetched: the issuer's name, and an address. */
  List<List<String>> outbound();

  /** What claims are worth: the issuer's name, address and audience, claims, and rights. */
  List<List<String>> rules();

  /** Whether there may be people, unknown here until they come, who hold this role everywhere. */
  boolean mayGive(Role role);

  /** The same for this product, be it because they hold the role everywhere. */
  boolean mayGive(Role role, String product);
}
