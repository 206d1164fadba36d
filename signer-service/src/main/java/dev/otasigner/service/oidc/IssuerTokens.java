package dev.otasigner.service.oidc;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.access.Grant;
import dev.otasigner.service.access.Rights;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidatorResult;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.JwtIssuerValidator;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/** Judges the tokens of one issuer. */
final class IssuerTokens {
  /** How far the issuer's clock may be off. */
  static final Duration SKEW = Duration.ofSeconds(30);

  private static final Pattern NAME = Pattern.compile("[!-~]{1,200}");
  private static final int RETRY_SECONDS = 30;

  private final OidcSettings.Issuer settings;
  private final NimbusJwtDecoder decoder;
  private final OAuth2TokenValidator<Jwt> validator;

  IssuerTokens(OidcSettings.Issuer settings, Clock clock) {
    this.settings = settings;
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    // The algorithm is ours to choose: "none" and those with a shared secret are not on the list.
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(
            settings.allowed().stream().map(JWSAlgorithm::parse).collect(Collectors.toSet()),
            IssuerKeys.of(settings.jwks())));
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(
            JOSEObjectType.JWT, new JOSEObjectType("at+jwt"), null));
    processor.setJWTClaimsSetVerifier((claims, context) -> {}); // Spring's validators do, below
    decoder = new NimbusJwtDecoder(processor);
    // First whether the issuer signed it, then what it says: see verified and judge.
    decoder.setJwtValidator(jwt -> OAuth2TokenValidatorResult.success());
    validator = validator(settings, clock);
  }

  private static OAuth2TokenValidator<Jwt> validator(OidcSettings.Issuer settings, Clock clock) {
    JwtTimestampValidator timestamps = new JwtTimestampValidator(SKEW);
    timestamps.setClock(clock);
    timestamps.setAllowEmptyExpiryClaim(false);
    return new DelegatingOAuth2TokenValidator<>(
        new JwtIssuerValidator(settings.issuer()),
        new JwtClaimValidator<Collection<String>>(
            "aud", audiences -> audiences != null && audiences.contains(settings.audience())),
        timestamps,
        new JwtClaimValidator<Instant>(
            "iat", issued -> issued != null && !issued.isAfter(clock.instant().plus(SKEW))));
  }

  String issuer() {
    return settings.issuer();
  }

  /** Somebody, and until when the token says so. */
  record Known(Actor actor, Instant expires) {}

  /** The issuer's name here. */
  String name() {
    return settings.name();
  }

  /** What the issuer calls whoever the token is of. */
  String subject(Jwt verified) {
    return verified.getClaims().get(settings.calledBy()) instanceof String text ? text : "";
  }

  /**
   * Whom a token stands for that this issuer has signed.
   *
   * @throws SignerException UNAUTHENTICATED for what is no good token, FORBIDDEN for one that no
   *     rule gives a right
   */
  Known judge(Jwt jwt) {
    for (OAuth2Error error : validator.validate(jwt).getErrors()) {
      throw refused(String.valueOf(error.getDescription()));
    }
    Instant issued = jwt.getIssuedAt();
    Instant expires = jwt.getExpiresAt();
    if (issued == null
        || expires == null
        || Duration.between(issued, expires).compareTo(settings.longest()) > 0) {
      throw refused("it is good for longer than " + settings.longest());
    }
    String name = subject(jwt);
    if (!NAME.matcher(name).matches()) {
      throw refused("claim " + settings.calledBy() + " is no name of 1 to 200 plain characters");
    }
    Set<Grant> grants = new HashSet<>();
    settings.peopleRules().stream()
        .filter(rule -> holds(jwt, rule.wanted()))
        .forEach(rule -> grants.addAll(rule.grants()));
    settings.pipelineRules().stream()
        .filter(rule -> holds(jwt, rule.wanted()))
        .forEach(rule -> grants.add(rule.grant()));
    Actor actor = new Actor(Actor.Kind.OIDC, settings.name() + ":" + name, new Rights(grants));
    if (grants.isEmpty()) {
      throw new SignerException(
          ProblemType.FORBIDDEN, "no rule for " + settings.name() + " gives " + name + " a right");
    }
    return new Known(actor, expires);
  }

  /**
   * The token, once its signature is known to be this issuer's, whatever it says.
   *
   * @throws SignerException UNAUTHENTICATED when it is not, ISSUER_UNAVAILABLE when the issuer's
   *     keys can not be had
   */
  Jwt verified(String token) {
    try {
      return decoder.decode(token);
    } catch (BadJwtException e) {
      throw refused(words(e));
    } catch (JwtException e) {
      throw isOutage(e)
          ? new SignerException(
              ProblemType.ISSUER_UNAVAILABLE,
              "the keys of issuer " + settings.name() + " can not be had",
              Map.of("retryAfterSeconds", new Json.Num(RETRY_SECONDS)))
          : refused(words(e));
    }
  }

  private static boolean isOutage(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof KeySourceException) {
        return !(cause instanceof RateLimitReachedException);
      }
    }
    return false;
  }

  private SignerException refused(String why) {
    return new SignerException(
        ProblemType.UNAUTHENTICATED, "the token of issuer " + settings.name() + ": " + why);
  }

  /** Spring's sentence for a developer, without what comes before it. */
  private static String words(JwtException e) {
    String message = String.valueOf(e.getMessage());
    int colon = message.indexOf(": ");
    return colon < 0 ? message : message.substring(colon + 2);
  }

  private static boolean holds(Jwt jwt, Map<String, String> wanted) {
    return wanted.entrySet().stream()
        .allMatch(claim -> is(jwt.getClaims().get(claim.getKey()), claim.getValue()));
  }

  private static boolean is(@Nullable Object claim, String wanted) {
    if (claim instanceof Collection<?> values) {
      return values.stream().anyMatch(value -> wanted.equals(value));
    }
    return claim instanceof String text && wanted.equals(text)
        || claim instanceof Boolean truth && wanted.equals(truth.toString())
        || claim instanceof Long number && wanted.equals(number.toString());
  }
}
