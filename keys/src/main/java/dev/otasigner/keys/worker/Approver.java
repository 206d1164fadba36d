package dev.otasigner.keys.worker;

import dev.otasigner.keys.KeySuites;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.text.Normalizer;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Somebody whose word the worker takes.
 *
 * @param person the name that stands in this person's approvals
 * @param key held by the person, never by the worker's token
 */
public record Approver(String person, VerificationKey key) {
  private static final Set<String> MEMBERS = Set.of("person", "spki", "suite");
  private static final int MAX_NAME = 200;
  private static final Pattern INVISIBLE = Pattern.compile("\\p{Cf}");

  /** What the service puts before the name of whoever asks. */
  private static final List<String> KINDS = List.of("user:", "api-key:");

  /** Before the name of an issuer, a colon, and what the issuer calls whoever asks. */
  private static final String ISSUED = "oidc:";

  /** Without {@code suite}, the usual one of the key's type. */
  static Approver read(Fields fields) throws RejectedException {
    WorkerConfiguration.requireOnly(fields, MEMBERS);
    String person = fields.string("person");
    if (person.isBlank() || person.length() > MAX_NAME) {
      throw fields.malformed("person", "a name of 1 to " + MAX_NAME + " characters is expected");
    }
    Bytes spki = fields.base64("spki", VerificationKey.MAX_SPKI_BYTES);
    if (!fields.has("suite")) {
      return new Approver(person, KeySuites.usual(spki));
    }
    SignatureSuite suite = fields.oneOf("suite", SignatureSuite::ofCode, "suite");
    return new Approver(person, VerificationKey.of(suite, spki));
  }

  Json.Obj toJson() {
    return Json.object()
        .put("person", person)
        .putBase64("spki", key.spki())
        .put("suite", key.suite().code())
        .build();
  }

  /**
   * Whether this is the requester, whom the service calls {@code user:NAME}, {@code api-key:NAME}
   * or {@code oidc:ISSUER:NAME} and this configuration perhaps only {@code NAME}.
   */
  boolean is(String requester) {
    String own = bare(folded(person));
    return own.equals(bare(folded(requester)));
  }

  private static String bare(String actor) {
    for (String kind : KINDS) {
      if (actor.startsWith(kind)) {
        return actor.substring(kind.length()).strip();
      }
    }
    int issuer = actor.startsWith(ISSUED) ? actor.indexOf(':', ISSUED.length()) : -1;
    return issuer < 0 ? actor : actor.substring(issuer + 1).strip();
  }

  /** One spelling of each name: without regard to case, to width, or to what nobody sees. */
  static String folded(String person) {
    return Normalizer.normalize(INVISIBLE.matcher(person).replaceAll(""), Normalizer.Form.NFKC)
        .strip()
        .toUpperCase(Locale.ROOT)
        .toLowerCase(Locale.ROOT);
  }
}
