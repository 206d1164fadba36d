package dev.otasigner.keys.pkcs11;

import dev.otasigner.keys.KeyOperationException.BadKey;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.crypto.SignatureSuite;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Tokens that are open to sign with keys wherever they lie in them, by whomever they were made.
 * Each is logged in to once, however many of its keys are used.
 */
public final class OpenTokens implements AutoCloseable {
  private final PinPrompt prompt;
  private final Map<Pkcs11Module, Sessions> open = new HashMap<>();

  /** Asks a person; nobody there is no answer. */
  public interface PinPrompt {
    Optional<Passphrase> ask(String question);
  }

  public OpenTokens(PinPrompt prompt) {
    this.prompt = prompt;
  }

  /**
   * The one key that a URI means, as one of the first of these suites that it fits.
   *
   * @throws IOException when the file that the PIN stands in cannot be read, or is open to others
   * @throws TokenUnavailable when the token is missing or does not let in
   * @throws BadKey when there is no such key, or it is of none of the suites
   */
  public ModuleKey key(Pkcs11Uri uri, List<SignatureSuite> suites) throws IOException {
    Sessions sessions = sessions(uri);
    try {
      return sessions.use(objects -> find(sessions, objects, uri.withoutPinSource(), suites));
    } catch (CryptokiException e) {
      throw new TokenUnavailable("the module did not show the key: " + e.getMessage(), e);
    }
  }

  private Sessions sessions(Pkcs11Uri uri) throws IOException {
    Pkcs11Module module = Pkcs11Module.of(uri);
    Sessions known = open.get(module);
    if (known != null) {
      return known;
    }
    try (Passphrase pin = pin(uri)) {
      Sessions sessions = module.login(pin);
      open.put(module, sessions);
      return sessions;
    }
  }

  private Passphrase pin(Pkcs11Uri uri) throws IOException {
    if (uri.pinSource().isPresent()) {
      return Passphrase.ofFile(uri.pinSource().get());
    }
    return prompt
        .ask("PIN of " + uri.ofToken() + ": ")
        .orElseThrow(
            () ->
                new TokenUnavailable(
                    "nobody to ask for the PIN: name a file that holds it, with"
                        + " pin-source=file:/path in the URI"));
  }

  private static ModuleKey find(
      Sessions sessions, TokenObjects objects, Pkcs11Uri uri, List<SignatureSuite> suites)
      throws CryptokiException {
    Adoptee.Place place = Adoptee.place(objects, sessions.token(), uri);
    for (SignatureSuite suite : suites) {
      if (SuiteMechanism.isKnown(suite)) {
        try {
          SuiteMechanism mechanism = SuiteMechanism.of(suite);
          return new ModuleKey(sessions, mechanism, Adoptee.of(objects, place, mechanism));
        } catch (BadKey e) {
          // not a key of this suite; the next one may fit
        }
      }
    }
    throw new BadKey(
        uri
            + ": not a key of "
            + suites.stream()
                .filter(SuiteMechanism::isKnown)
                .map(SignatureSuite::code)
                .collect(Collectors.joining(", ")));
  }

  @Override
  public void close() {
    open.values().forEach(Sessions::close);
    open.clear();
  }
}
