package dev.otasigner.service.oidc;

import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTParser;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.IssuedTokens;
import dev.otasigner.service.access.Rights;
import dev.otasigner.service.access.Role;
import dev.otasigner.service.access.Secret;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.security.oauth2.jwt.Jwt;

/** The tokens of all configured issuers. */
final class Oidc implements IssuedTokens {
  private static final int MAX_CHARACTERS = 8 * 1024;
  private static final int MAX_REMEMBERED = 10_000;

  private final Map<String, IssuerTokens> issuers;
  private final OidcSettings settings;
  private final SignInRecord record;
  private final Clock clock;
  private final Map<Digest, Instant> seen =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Digest, Instant> eldest) {
          return size() > MAX_REMEMBERED;
        }
      };

  Oidc(OidcSettings settings, SignInRecord record, Clock clock) {
    this.issuers =
        settings.all().stream()
            .map(issuer -> new IssuerTokens(issuer, clock))
            .collect(Collectors.toMap(IssuerTokens::issuer, Function.identity()));
    this.settings = settings;
    this.record = record;
    this.clock = clock;
  }

  @Override
  public List<List<String>> outbound() {
    return settings.all().stream()
        .map(issuer -> List.of(issuer.name(), issuer.jwks().toString()))
        .toList();
  }

  @Override
  public List<List<String>> rules() {
    return settings.all().stream().flatMap(OidcSettings.Issuer::rules).toList();
  }

  @Override
  public boolean mayGive(Role role) {
    return rightsOfPeople().anyMatch(rights -> rights.has(role));
  }

  @Override
  public boolean mayGive(Role role, String product) {
    return rightsOfPeople().anyMatch(rights -> rights.has(role, product));
  }

  private Stream<Rights> rightsOfPeople() {
    return settings.all().stream()
        .flatMap(issuer -> issuer.peopleRules().stream())
        .map(rule -> new Rights(rule.grants()));
  }

  @Override
  public Actor actor(Secret token, String address) {
    IssuerTokens issuer;
    Jwt verified;
    try {
      issuer = issuer(token.text());
      verified = issuer.verified(token.text());
    } catch (SignerException e) {
      if (e.type() == ProblemType.ISSUER_UNAVAILABLE) {
        throw e;
      }
      record.refused(address);
      throw e.asRecorded();
    }
    IssuerTokens.Known known;
    try {
      known = issuer.judge(verified);
    } catch (SignerException e) {
      record.refused(address, issuer.name(), issuer.subject(verified), e.detail());
      throw e.asRecorded();
    }
    if (isNew(token.sha256(), known.expires())) {
      record.signedIn(known.actor(), address, known.expires());
    }
    return known.actor();
  }

  private IssuerTokens issuer(String token) {
    if (token.length() > MAX_CHARACTERS) {
      throw refused("a token of over " + MAX_CHARACTERS + " characters");
    }
    IssuerTokens issuer = issuers.get(claimedIssuer(token));
    if (issuer == null) {
      throw refused("the token's issuer is not configured here");
    }
    return issuer;
  }

  /** What the token says of itself, only to choose who judges it. */
  private static String claimedIssuer(String token) {
    try {
      JWT parsed = JWTParser.parse(token);
      String issuer = parsed.getJWTClaimsSet().getIssuer();
      return issuer == null ? "" : issuer;
    } catch (ParseException e) {
      throw refused("the token is not the JWT that is expected");
    }
  }

  /** A token's first use is the sign-in that goes on record; later ones are not. */
  private synchronized boolean isNew(Digest token, Instant expires) {
    Instant now = clock.instant();
    seen.values().removeIf(end -> end.plus(IssuerTokens.SKEW).isBefore(now));
    return seen.put(token, expires) == null;
  }

  private static SignerException refused(String why) {
    return new SignerException(ProblemType.UNAUTHENTICATED, why);
  }
}
