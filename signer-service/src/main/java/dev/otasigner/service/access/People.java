package dev.otasigner.service.access;

import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Which person stands behind an actor: an API key does what its maker answers for. */
@Component
public class People {
  private final ApiKeys apiKeys;

  People(ApiKeys apiKeys) {
    this.apiKeys = apiKeys;
  }

  /** The label of the person; of an API key, also a withdrawn one, whoever made it. */
  @Transactional(readOnly = true)
  public String behind(String label) {
    String kind = Actor.Kind.API_KEY.code() + ":";
    if (!label.startsWith(kind)) {
      return label;
    }
    Optional<ApiKey> key = apiKeys.findByName(label.substring(kind.length()));
    return key.map(ApiKey::createdBy).orElse(label);
  }

  /**
   * Whether two names are one person's, as far as a name tells: {@code user:alice}, {@code
   * oidc:corp:Alice} and an approver's {@code alice} are taken for one.
   */
  public static boolean isSame(String one, String other) {
    return bare(one).equals(bare(other));
  }

  private static String bare(String label) {
    String folded =
        Normalizer.normalize(label, Normalizer.Form.NFKC).strip().toLowerCase(Locale.ROOT);
    for (Actor.Kind kind : new Actor.Kind[] {Actor.Kind.USER, Actor.Kind.API_KEY}) {
      if (folded.startsWith(kind.code() + ":")) {
        return folded.substring(kind.code().length() + 1).strip();
      }
    }
    String oidc = Actor.Kind.OIDC.code() + ":";
    int issuerEnd = folded.startsWith(oidc) ? folded.indexOf(':', oidc.length()) : -1;
    return issuerEnd < 0 ? folded : folded.substring(issuerEnd + 1).strip();
  }
}
