package dev.otasigner.service.oidc;

import dev.otasigner.service.access.Grant;
import dev.otasigner.service.access.Rights;
import dev.otasigner.service.access.Role;
import dev.otasigner.verifier.json.Fields;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The issuers whose tokens are taken, as configured under {@code signer.oidc}. What is wrong with
 * it is said when the service starts, which then does not.
 */
public record OidcSettings(@Nullable List<Issuer> issuers) {
  public OidcSettings {
    issuers = issuers == null ? List.of() : List.copyOf(issuers);
    Set<String> names = new HashSet<>();
    Set<String> addresses = new HashSet<>();
    for (Issuer issuer : issuers) {
      require(names.add(issuer.name()), issuer.name(), "the name stands twice");
      require(addresses.add(issuer.issuer()), issuer.name(), "the issuer stands twice");
    }
  }

  List<Issuer> all() {
    return issuers == null ? List.of() : issuers;
  }

  private static void require(boolean right, @Nullable String issuer, String otherwise) {
    if (!right) {
      throw new IllegalArgumentException("signer.oidc.issuers: " + issuer + ": " + otherwise);
    }
  }

  /**
   * One issuer.
   *
   * @param name how its people and pipelines are called here
   * @param issuer exactly what stands in the claim {@code iss}
   * @param audience exactly what has to stand in the claim {@code aud}, perhaps among others
   * @param jwks where its keys are fetched
   * @param algorithms those that it signs with
   * @param maxLifetime of a token, from {@code iat} to {@code exp}
   * @param nameClaim what people are called by; unique at the issuer and never given to another
   */
  public record Issuer(
      String name,
      String issuer,
      String audience,
      URI jwks,
      @Nullable List<String> algorithms,
      @Nullable Duration maxLifetime,
      @Nullable String nameClaim,
      @Nullable List<ForPeople> people,
      @Nullable List<ForPipelines> pipelines) {
    private static final Set<String> ALGORITHMS =
        Set.of("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512");
    private static final List<String> USUAL = List.of("RS256", "PS256", "ES256");
    private static final Duration USUAL_LIFETIME = Duration.ofHours(1);
    private static final Duration LONGEST = Duration.ofHours(24);

    public Issuer {
      require(name != null && Fields.isName(name), name, "a name of [a-z0-9-]{1,32} is expected");
      require(isGiven(issuer), name, "issuer is missing");
      require(isGiven(audience), name, "audience is missing: a token for others would do here");
      require(jwks != null, name, "jwks is missing");
      require(isSafe(jwks), name, "jwks: an https address is expected, not " + jwks);
      algorithms = algorithms == null ? USUAL : List.copyOf(algorithms);
      require(
          !algorithms.isEmpty() && ALGORITHMS.containsAll(algorithms),
          name,
          "algorithms: some of " + ALGORITHMS.stream().sorted().toList() + " are expected");
      maxLifetime = maxLifetime == null ? USUAL_LIFETIME : maxLifetime;
      require(
          maxLifetime.compareTo(LONGEST) <= 0 && !maxLifetime.isNegative() && !maxLifetime.isZero(),
          name,
          "max-lifetime: up to 24 hours are expected");
      nameClaim = nameClaim == null ? "sub" : nameClaim;
      people = people == null ? List.of() : List.copyOf(people);
      pipelines = pipelines == null ? List.of() : List.copyOf(pipelines);
      require(
          !people.isEmpty() || !pipelines.isEmpty(),
          name,
          "neither people nor pipelines: its tokens would be good for nothing");
      for (ForPeople rule : people) {
        rule.requireSensible(name);
      }
      for (ForPipelines rule : pipelines) {
        rule.requireSensible(name);
      }
    }

    List<String> allowed() {
      return algorithms == null ? USUAL : algorithms;
    }

    Duration longest() {
      return maxLifetime == null ? USUAL_LIFETIME : maxLifetime;
    }

    String calledBy() {
      return nameClaim == null ? "sub" : nameClaim;
    }

    List<ForPeople> peopleRules() {
      return people == null ? List.of() : people;
    }

    List<ForPipelines> pipelineRules() {
      return pipelines == null ? List.of() : pipelines;
    }

    /** For people to read. */
    Stream<List<String>> rules() {
      return Stream.concat(
          peopleRules().stream().map(r -> row(r.wanted(), new Rights(r.grants()))),
          pipelineRules().stream().map(r -> row(r.wanted(), new Rights(Set.of(r.grant())))));
    }

    private List<String> row(Map<String, String> claims, Rights rights) {
      return List.of(
          name,
          issuer,
          audience,
          claims.entrySet().stream()
              .map(claim -> claim.getKey() + "=" + claim.getValue())
              .sorted()
              .collect(Collectors.joining(", ")),
          String.join(", ", rights.texts()));
    }

    /** Keys that travel unprotected would be anybody's; on this machine they do not travel. */
    private static boolean isSafe(URI jwks) {
      String host = jwks.getHost();
      return host != null
          && jwks.getUserInfo() == null
          && ("https".equals(jwks.getScheme())
              || "http".equals(jwks.getScheme())
                  && (host.equals("127.0.0.1")
                      || host.equals("localhost")
                      || host.equals("[::1]")));
    }
  }

  private static boolean isGiven(@Nullable String text) {
    return text != null && !text.isBlank();
  }

  /** Claims that must all be there, each {@code NAME=VALUE}: exactly this, or this in a list. */
  private static Map<String, String> claims(@Nullable List<String> claims) {
    Map<String, String> wanted = new HashMap<>();
    for (String claim : claims == null ? List.<String>of() : claims) {
      int equals = claim.indexOf('=');
      if (equals <= 0
          || claim.substring(equals + 1).isBlank()
          || wanted.put(claim.substring(0, equals), claim.substring(equals + 1)) != null) {
        throw new IllegalArgumentException(
            "signer.oidc.issuers: claims: NAME=VALUE is expected, each name once, not " + claim);
      }
    }
    return Map.copyOf(wanted);
  }

  /** What people with these claims may do. */
  public record ForPeople(@Nullable List<String> claims, @Nullable List<String> roles) {
    public ForPeople {
      claims = claims == null ? List.of() : List.copyOf(claims);
      roles = roles == null ? List.of() : List.copyOf(roles);
    }

    Map<String, String> wanted() {
      return OidcSettings.claims(claims);
    }

    Set<Grant> grants() {
      return (roles == null ? List.<String>of() : roles)
          .stream().map(Grant::parse).collect(Collectors.toSet());
    }

    private void requireSensible(String issuer) {
      require(!wanted().isEmpty(), issuer, "people: claims are missing: everybody would do");
      try {
        require(!grants().isEmpty(), issuer, "people: roles are missing");
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "signer.oidc.issuers: " + issuer + ": people: " + e.getMessage(), e);
      }
    }
  }

  /**
   * A pipeline that is known by where it runs: its role is {@code pipeline}, for one product.
   *
   * @param claims which repository, and which branch or environment: two at least
   */
  public record ForPipelines(@Nullable List<String> claims, @Nullable String product) {
    public ForPipelines {
      claims = claims == null ? List.of() : List.copyOf(claims);
    }

    Map<String, String> wanted() {
      return OidcSettings.claims(claims);
    }

    Grant grant() {
      return new Grant(Role.PIPELINE, Optional.of(String.valueOf(product)));
    }

    private void requireSensible(String issuer) {
      require(
          wanted().size() >= 2,
          issuer,
          "pipelines: claims for the repository, and for its branch or environment, are expected");
      require(product != null && Fields.isName(product), issuer, "pipelines: product is missing");
    }
  }
}
