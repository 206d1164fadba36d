package dev.otasigner.service.oidc;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.otasigner.service.Admin;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.fleet.FleetFixture;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/** Tokens that Spring's authorization server issues, and everything that is refused about them. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(FleetFixture.class)
class OidcTests {
  private static final AuthorizationServer SERVER = new AuthorizationServer();
  private static final AuthorizationServer STRANGER = new AuthorizationServer();
  private static final String UNREACHABLE = "http://127.0.0.1:" + closedPort();
  private static final Duration LIFETIME = Duration.ofMinutes(5);
  private static final Map<String, Object> PIPELINE =
      Map.of(
          "aud", List.of("ota-signer"),
          "sub", "repo:acme/cam:ref:refs/heads/main",
          "repository", "acme/cam",
          "ref", "refs/heads/main");

  private static int days;

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private MovingClock clock;

  @DynamicPropertySource
  static void properties(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
    issuer(registry, 0, "forge", SERVER.issuer(), SERVER.jwks());
    issuer(registry, 1, "away", UNREACHABLE, UNREACHABLE + "/jwks");
  }

  private static void issuer(
      DynamicPropertyRegistry registry, int number, String name, String issuer, String jwks) {
    String at = "signer.oidc.issuers[" + number + "].";
    Map.of(
            "name", name,
            "issuer", issuer,
            "audience", "ota-signer",
            "jwks", jwks,
            "pipelines[0].claims[0]", "repository=acme/cam",
            "pipelines[0].claims[1]", "ref=refs/heads/main",
            "pipelines[0].product", "cam",
            "people[0].claims", "groups=release",
            "people[0].roles[0]", "release-engineer@cam",
            "people[0].roles[1]", "auditor")
        .forEach((key, value) -> registry.add(at + key, () -> value));
  }

  private static int closedPort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @AfterEach
  void backToNow() {
    clock.reset();
  }

  @AfterAll
  static void closeServers() {
    SERVER.close();
    STRANGER.close();
  }

  private Admin with(String token) {
    return Admin.anonymous(port).withToken(token);
  }

  private Admin.Answer whoami(String token) {
    return with(token).get("/api/v1/whoami");
  }

  private void refused(String token, String why) {
    assertThat(whoami(token).expectProblem(401, "unauthenticated").text()).contains(why);
  }

  private static Map<String, Object> but(String claim, Object value) {
    Map<String, Object> claims = new HashMap<>(PIPELINE);
    claims.put(claim, value);
    return claims;
  }

  private static String pipeline() {
    return SERVER.token(PIPELINE, LIFETIME);
  }

  /** What the server says of a good pipeline, to be put under another signature. */
  private static JWTClaimsSet.Builder claims() {
    Instant now = Instant.now();
    return new JWTClaimsSet.Builder()
        .issuer(SERVER.issuer())
        .audience("ota-signer")
        .subject("repo:acme/cam:ref:refs/heads/main")
        .claim("repository", "acme/cam")
        .claim("ref", "refs/heads/main")
        .issueTime(Date.from(now))
        .expirationTime(Date.from(now.plus(LIFETIME)));
  }

  private static String signed(JWTClaimsSet claims, JWSHeader header, JWSSigner signer) {
    try {
      SignedJWT token = new SignedJWT(header, claims);
      token.sign(signer);
      return token.serialize();
    } catch (JOSEException e) {
      throw new AssertionError(e);
    }
  }

  private static String signedByServer(JWTClaimsSet claims) throws JOSEException {
    return signed(claims, header("first"), new RSASSASigner(SERVER.key()));
  }

  private static JWSHeader header(String keyId) {
    return new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(keyId).build();
  }

  @Test
  void pipelineOfTheRightRepositoryAndBranchIsThatOfItsProduct() {
    Admin pipeline = with(pipeline());
    Admin.Answer who = pipeline.get("/api/v1/whoami").expect(200);
    assertThat(who.string("kind")).isEqualTo("oidc");
    assertThat(who.string("name")).isEqualTo("forge:repo:acme/cam:ref:refs/heads/main");
    assertThat(who.string("product")).isEqualTo("cam");
    assertThat(who.text()).contains("\"roles\":[\"pipeline\"]");
    pipeline
        .upload("/api/v1/payloads", new byte[] {1, 2, 3})
        .expectProblem(404, "not-found"); // cam is theirs, and was not made
    pipeline.get("/api/v1/products/cam/channels").expectProblem(404, "not-found");
    pipeline.get("/api/v1/products/nas/channels").expectProblem(403, "forbidden");
    pipeline.get("/api/v1/audit").expectProblem(403, "forbidden");
    pipeline
        .post("/api/v1/api-keys", "{'name':'more','roles':['pipeline@cam'],'days':1}")
        .expectProblem(403, "forbidden");
  }

  @Test
  void personHasTheRolesOfTheirGroup() {
    Map<String, Object> rita =
        Map.of("aud", "ota-signer", "sub", "rita", "groups", List.of("staff", "release"));
    Admin person = with(SERVER.token(rita, LIFETIME));
    assertThat(person.get("/api/v1/whoami").expect(200).text())
        .contains("\"auditor\"")
        .contains("release-engineer@cam")
        .contains("forge:rita");
    person.get("/api/v1/audit").expect(200);
  }

  @Test
  void tokenOfAnotherGroupIsGoodForNothing() {
    Map<String, Object> eve =
        Map.of("aud", "ota-signer", "sub", "eve", "groups", List.of("released", "staff"));
    whoami(SERVER.token(eve, LIFETIME)).expectProblem(403, "forbidden");
  }

  @Test
  void firstUseOfATokenIsOnRecordAndLaterOnesAreNot() {
    String token =
        SERVER.token(Map.of("aud", "ota-signer", "sub", "anna", "groups", "release"), LIFETIME);
    Admin anna = with(token);
    for (int i = 0; i < 3; i++) {
      anna.get("/api/v1/whoami").expect(200);
    }
    String log = anna.get("/api/v1/audit?user=oidc:forge:anna").expect(200).text();
    assertThat(log.split("session.opened", -1)).hasSize(2);
    assertThat(log).doesNotContain(token).doesNotContain(token.substring(token.length() - 20));
  }

  /** What others failed at before is counted, not recorded. */
  private void someDayAfter() {
    clock.advance(Duration.ofDays(++days));
  }

  private List<String> refusedOnRecord() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    return admin
        .get("/api/v1/audit/export")
        .expect(200)
        .text()
        .lines()
        .filter(line -> line.contains("\"issued-token.refused\""))
        .toList();
  }

  /** The issuer vouches for the name, so that it is worth keeping. */
  @Test
  void refusedTokenThatTheIssuerSignedIsOnRecordWithItsSubject() {
    someDayAfter();
    Map<String, Object> zoe =
        Map.of("aud", "another-service", "sub", "zoe", "groups", List.of("release"));
    String token = SERVER.token(zoe, Duration.ofMinutes(30));
    refused(token, "aud");
    assertThat(refusedOnRecord())
        .filteredOn(line -> line.contains("\"subject\":\"oidc:forge:zoe\""))
        .singleElement()
        .asString()
        .contains("\"issuer\":\"forge\"", "\"subject\":\"zoe\"", "aud", "\"nobody:127.0.0.1\"")
        .doesNotContain(token.substring(token.length() - 20));
  }

  @Test
  void refusedTokenThatNobodyIsKnownToHaveSignedIsOnRecordWithoutItsContent() throws Exception {
    someDayAfter();
    JWSSigner signer = new RSASSASigner(new RSAKeyGenerator(2048).keyID("first").generate());
    JWSHeader header =
        new JWSHeader.Builder(JWSAlgorithm.RS256)
            .keyID("first")
            .type(new JOSEObjectType("hunter-type"))
            .build();
    Admin admin = Admin.withEveryRole(port, printed.password());
    int before = refusedOnRecord().size();
    refused(signed(claims().subject("hunter-two").build(), header, signer), "issuer forge");
    refused(STRANGER.token(but("sub", "hunter-three"), LIFETIME), "issuer is not configured");
    refused("hunter.four.five", "not the JWT");
    assertThat(refusedOnRecord()).hasSize(before + 3);
    assertThat(admin.get("/api/v1/audit/export").expect(200).text()).doesNotContain("hunter");
  }

  /** One refusal, one record. */
  @Test
  void refusedTokenIsNotRecordedAsARefusedCallToo() {
    someDayAfter();
    refused(STRANGER.token(PIPELINE, LIFETIME), "issuer is not configured");
    Admin admin = Admin.withEveryRole(port, printed.password());
    assertThat(admin.get("/api/v1/audit/export").expect(200).text())
        .doesNotContain("issuer is not configured");
  }

  @Test
  void anotherIssuerIsRefused() {
    refused(STRANGER.token(PIPELINE, LIFETIME), "issuer is not configured");
  }

  /** Whoever signs it, the name of an issuer is no proof. */
  @Test
  void tokenThatAnotherServerSignedInTheIssuersNameIsRefused() {
    refused(STRANGER.token(but("iss", SERVER.issuer()), LIFETIME), "issuer forge");
  }

  @Test
  void anotherAudienceIsRefused() {
    refused(SERVER.token(but("aud", List.of("another-service")), LIFETIME), "aud");
  }

  @Test
  void expiredTokenIsRefused() {
    String token = pipeline();
    whoami(token).expect(200);
    clock.advance(LIFETIME.plus(IssuerTokens.SKEW).plusSeconds(2));
    refused(token, "expired");
  }

  @Test
  void tokenThatIsNotYetValidIsRefused() {
    Instant later = Instant.now().plus(Duration.ofMinutes(2));
    refused(SERVER.token(but("nbf", later), LIFETIME), "used before");
  }

  @Test
  void tokenOfTheFutureIsRefused() throws Exception {
    Instant later = Instant.now().plus(Duration.ofMinutes(2));
    refused(signedByServer(claims().issueTime(Date.from(later)).build()), "iat");
  }

  @Test
  void anotherBranchIsRefused() {
    String token = SERVER.token(but("ref", "refs/heads/feature"), LIFETIME);
    whoami(token).expectProblem(403, "forbidden");
  }

  @Test
  void anotherRepositoryIsRefused() {
    for (String repository : List.of("acme/nas", "acme/cam2", "eve/cam", "acme/Cam", "")) {
      whoami(SERVER.token(but("repository", repository), LIFETIME)).expectProblem(403, "forbidden");
    }
  }

  @Test
  void tokenWithoutSignatureIsRefused() {
    refused(new PlainJWT(claims().build()).serialize(), "none");
    String[] parts = pipeline().split("\\.", -1);
    refused(parts[0] + "." + parts[1] + ".", "not the JWT");
  }

  @Test
  void secretMadeOfThePublicKeyIsRefused() throws Exception {
    JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("first").build();
    byte[] publicKey = SERVER.key().toRSAPublicKey().getEncoded();
    refused(signed(claims().build(), header, new MACSigner(publicKey)), "issuer forge");
  }

  /** The algorithm is the issuer's own, and is not on the list. */
  @Test
  void algorithmThatIsNotOnTheListIsRefused() throws Exception {
    JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS512).keyID("first").build();
    refused(signed(claims().build(), header, new RSASSASigner(SERVER.key())), "issuer forge");
  }

  /** Signed by the issuer with the same key, for something else than coming here. */
  @Test
  void tokenOfAnotherKindIsRefused() throws Exception {
    for (String kind : List.of("logout+jwt", "secevent+jwt", "dpop+jwt")) {
      JWSHeader header =
          new JWSHeader.Builder(JWSAlgorithm.RS256)
              .keyID("first")
              .type(new JOSEObjectType(kind))
              .build();
      refused(signed(claims().build(), header, new RSASSASigner(SERVER.key())), "issuer forge");
    }
  }

  @Test
  void unknownKeyIsRefusedAndTheIssuerIsNotAskedEachTime() throws Exception {
    whoami(pipeline()).expect(200);
    int before = SERVER.keysFetched();
    for (int i = 0; i < 20; i++) {
      String keyId = "unknown-" + i;
      JWSSigner signer = new RSASSASigner(new RSAKeyGenerator(2048).keyID(keyId).generate());
      refused(signed(claims().build(), header(keyId), signer), "issuer forge");
    }
    assertThat(SERVER.keysFetched() - before).isLessThanOrEqualTo(2);
    whoami(pipeline()).expect(200);
  }

  @Test
  void keyOfTheSameNameThatIsAnotherIsRefused() throws Exception {
    JWSSigner signer = new RSASSASigner(new RSAKeyGenerator(2048).keyID("first").generate());
    refused(signed(claims().build(), header("first"), signer), "issuer forge");
  }

  @Test
  void oversizedTokenIsRefused() {
    refused(SERVER.token(but("padding", "x".repeat(7_000)), LIFETIME), "over 8192");
  }

  @Test
  void tokenThatIsGoodForTooLongIsRefused() {
    refused(SERVER.token(PIPELINE, Duration.ofHours(2)), "longer than PT1H");
  }

  @Test
  void tokenWithoutAnEndIsRefused() throws Exception {
    refused(signedByServer(claims().expirationTime(null).build()), "exp");
  }

  @Test
  void tokenWithoutABeginIsRefused() throws Exception {
    refused(signedByServer(claims().issueTime(null).build()), "iat");
  }

  @Test
  void nameThatIsNoPlainTextIsRefused() throws Exception {
    for (String name : List.of("", "two words", "rit\u0430", "a\u200bb", "x".repeat(201))) {
      refused(signedByServer(claims().subject(name).build()), "claim sub");
    }
    refused(signedByServer(claims().subject(null).build()), "claim sub");
  }

  @Test
  void whatIsNoTokenAtAllIsRefused() {
    refused("a.b.c", "not the JWT");
    refused("eyJhbGciOiJSUzI1NiJ9..", "not the JWT");
    refused("nonsense", "unknown, expired or withdrawn");
  }

  @Test
  void issuerThatCannotBeReachedIsSaidAndAskedRarely() throws Exception {
    String token = signedByServer(claims().issuer(UNREACHABLE).build());
    Admin.Answer answer = whoami(token).expectProblem(503, "issuer-unavailable");
    assertThat(answer.retryAfter()).containsExactly("30");
    assertThat(answer.text()).doesNotContain("Connection").doesNotContain("127.0.0.1");
  }

  @Test
  void networkReportNamesWhereKeysAreFetched() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    assertThat(admin.get("/api/v1/reports/network").expect(200).text())
        .contains(SERVER.jwks())
        .contains(UNREACHABLE + "/jwks")
        .doesNotContain("None: no token");
  }
}
