package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.catalogue.ServiceFixture;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;

/**
 * Digests of images that are assembled elsewhere, where the worker's own file makes keys for them.
 */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@Import(ServiceFixture.class)
class BareDigestApiTests {
  private static final String DIGEST = "ab".repeat(32);

  private static Admin admin = Admin.anonymous(0);
  private static boolean signedIn;
  private static int count;

  @TempDir private Path directory;
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private BareDigestStore store;

  private Story story = unmade();

  @SuppressWarnings("NullAway")
  private static Story unmade() {
    return null;
  }

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    configure(TemporaryData.register(registry).resolve("worker"));
    signedIn = false;
  }

  private static void configure(Path worker) {
    List<Json> defaults = new ArrayList<>();
    for (String purpose :
        List.of(
            "image",
            "manifest",
            "root",
            "targets",
            "channel",
            "snapshot",
            "timestamp",
            "audit",
            "device-ca",
            "server-tls",
            "bare-digest")) {
      defaults.add(Json.object().put("purpose", purpose).put("minApprovals", 0).build());
    }
    Json.Obj json =
        Json.object()
            .put("schema", 1)
            .put("approvers", List.of())
            .put("rules", List.of())
            .put("defaults", defaults)
            .build();
    try {
      DurableFile.createDirectories(worker);
      DurableFile.replace(worker.resolve("worker.json"), json.textBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A product that allows bare digests, with a bootloader that trusts a key for them. */
  @BeforeEach
  void product() {
    if (!signedIn) {
      admin = Admin.withEveryRole(port, printed.password());
      signedIn = true;
    }
    story = new Story(admin, "bd" + ++count);
    story.key("bare", "bare-digest", "ecdsa-p256-sha256");
    policy("{'bareDigests':true}");
  }

  private void policy(String policy) {
    admin.put(story.base + "/policy", policy).expect(200);
  }

  private Answer ask(String digest, String more) {
    return admin.post(
        story.base + "/digests",
        "{'key':'" + story.named("bare") + "','digest':'" + digest + "'" + more + "}");
  }

  private void assertRefused(Answer answer, String code) {
    assertThat(answer.expectProblem(422, "refused").text()).contains("\"code\":\"" + code + "\"");
    assertThat(signed()).isZero();
  }

  private static String text(Json json) {
    return new String(json.textBytes(), java.nio.charset.StandardCharsets.UTF_8);
  }

  private long signed() {
    return store.findAll().stream()
        .filter(d -> text(d.toJson()).contains("\"" + story.product + "\""))
        .count();
  }

  @Test
  void aDigestIsSignedAndTheLogSaysUnjudged() throws Exception {
    Answer answer = ask(DIGEST, "").expect(201);
    assertThat(answer.json().bool("unjudged")).isTrue();
    VerificationKey key = publicKey();
    SigningInput.hash(HexFormat.of().parseHex(DIGEST), "SHA-256")
        .verify(key, answer.json().base64("signature", 1000).toByteArray());
    String log = admin.get("/api/v1/audit/export").expect(200).text();
    assertThat(log.lines().filter(line -> line.contains("digest:" + answer.string("id"))))
        .hasSize(2)
        .allMatch(line -> line.contains("unjudged"))
        .anyMatch(line -> line.contains("digest.signed"));
  }

  private VerificationKey publicKey() throws Exception {
    Answer key = admin.get("/api/v1/keys/" + story.named("bare") + "/public").expect(200);
    String pem = key.text().replaceAll("-----[A-Z ]+-----|\\s", "");
    return VerificationKey.of(
        SignatureSuite.ECDSA_P256_SHA256, Bytes.copyOf(java.util.Base64.getDecoder().decode(pem)));
  }

  @Test
  void byDefaultAProductAllowsNone() {
    policy("{}");
    assertRefused(ask(DIGEST, ""), "bare-digests-off");
  }

  @Test
  void aKeyOfAnotherPurposeSignsNone() {
    assertRefused(
        admin.post(
            story.base + "/digests",
            "{'key':'" + story.named("image") + "','digest':'" + DIGEST + "'}"),
        "key-purpose");
  }

  @Test
  void aBareDigestKeySignsNoRequest() {
    Answer answer = story.request("34.12", story.legacyProfile(8443), "bare", "manifest");
    assertThat(answer.text()).contains("key-purpose").contains("refused");
  }

  @Test
  void aKeyThatIsNotKnownOrNotActiveSignsNone() {
    assertRefused(
        admin.post(story.base + "/digests", "{'key':'nobody','digest':'" + DIGEST + "'}"),
        "key-unknown");
    admin.post("/api/v1/keys/" + story.named("bare") + "/deactivate", "{}");
    assertRefused(ask(DIGEST, ""), "key-not-active");
  }

  @Test
  void aDigestOfAnotherLengthIsRefused() {
    assertRefused(ask("ab".repeat(31), ""), "digest-length");
    assertRefused(ask("ab".repeat(48), ""), "digest-length");
  }

  @Test
  void whatIsNoDigestIsRefused() {
    for (String digest : List.of("", "abc", "AB".repeat(32), "zz", "ab".repeat(65))) {
      ask(digest, "").expectProblem(400, "bad-request");
    }
  }

  @Test
  void whereRequestsAreApprovedBareDigestsAreNot() {
    policy("{'bareDigests':true,'approvals':1}");
    assertRefused(ask(DIGEST, ""), "not-approvable");
  }

  @Test
  void whoMayNotAskForSignaturesGetsNoneOfADigest() {
    policy("{'bareDigests':true,'requesters':['api-key:ci']}");
    assertRefused(ask(DIGEST, ""), "requester-not-allowed");
  }

  @Test
  void oneIdempotencyKeyIsOneSignatureAlsoWhenItIsRaced() {
    String more = ",'idempotencyKey':'once'";
    List<CompletableFuture<String>> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(
          CompletableFuture.supplyAsync(
              () -> ask(DIGEST, more).expect(201).text(), thread -> new Thread(thread).start()));
    }
    assertThat(answers.stream().map(CompletableFuture::join).distinct()).hasSize(1);
    assertThat(signed()).isEqualTo(1);
    ask("cd".repeat(32), more).expectProblem(409, "conflict");
  }

  /** An image that is assembled here, with a signature that comes over HTTP. */
  private String assembledOutside(String payload) throws Exception {
    VerificationKey key = publicKey();
    Path from = Files.writeString(directory.resolve("payload"), payload.repeat(1000));
    Path image = directory.resolve("image" + payload.hashCode());
    McubootAssembler.assemble(
        ByteSource.of(from),
        AssembleOptions.of(ImageVersion.parseLenient("34.12"))
            .securityCounter(7)
            .padHeader()
            .build(),
        List.of(
            new ImageSigner() {
              @Override
              public VerificationKey key() {
                return key;
              }

              @Override
              public byte[] sign(SigningInput input) {
                Answer answer =
                    ask(HexFormat.of().formatHex(input.bytes().toByteArray()), "").expect(201);
                try {
                  return answer.json().base64("signature", 1000).toByteArray();
                } catch (dev.otasigner.verifier.RejectedException e) {
                  throw new AssertionError(e);
                }
              }
            }),
        image);
    byte[] bytes = Files.readAllBytes(image);
    return admin.upload("/api/v1/payloads", bytes).expect(201).string("sha256");
  }

  private Answer push(String image, String profile) {
    return admin.post(
        story.base + "/builds",
        "{'image':'"
            + image
            + "','hardware':[{'id':'gw','revisions':['a']}],'manifestKeys':['"
            + story.named("manifest")
            + "'],'profile':'"
            + profile
            + "'}");
  }

  @Test
  void whatIsMadeWithADigestIsNoBuildUntilItIsPushedAndJudged() throws Exception {
    String profile = story.legacyProfile(8443);
    story.bootloader("boot2", "bare");
    String image = assembledOutside("a good image");
    admin.get(story.base + "/builds/34.12").expectProblem(404, "not-found");
    push(image, profile).expect(201);
    admin.get(story.base + "/builds/34.12").expect(200);
  }

  @Test
  void anImageThatNoBootloaderTakesIsNoBuildThoughItsDigestIsSigned() throws Exception {
    String profile = story.legacyProfile(8443);
    assertThat(push(assembledOutside("signed, and for nobody"), profile).text())
        .contains("image-refused");
    admin.get(story.base + "/builds/34.12").expectProblem(404, "not-found");
  }

  @Test
  void anImageChangedSinceItsDigestWasSignedIsNoBuild() throws Exception {
    String profile = story.legacyProfile(8443);
    story.bootloader("boot2", "bare");
    String image = assembledOutside("an image to be changed");
    Path stored = directory.resolve("image" + "an image to be changed".hashCode());
    byte[] bytes = Files.readAllBytes(stored);
    assertThat(Digest.of(bytes).hex()).isEqualTo(image);
    bytes[600]++;
    String changed = admin.upload("/api/v1/payloads", bytes).expect(201).string("sha256");
    assertThat(push(changed, profile).text()).contains("image-refused");
    admin.get(story.base + "/builds/34.12").expectProblem(404, "not-found");
  }
}
