package dev.otasigner.service.signing;

import static dev.otasigner.service.signing.TestFleet.PRODUCT;
import static dev.otasigner.verifier.crypto.SignatureSuite.ECDSA_P384_SHA384;
import static dev.otasigner.verifier.crypto.SignatureSuite.ED25519;
import static dev.otasigner.verifier.crypto.SignatureSuite.ML_DSA_65;
import static dev.otasigner.verifier.crypto.SignatureSuite.RSA_PSS_2048_SHA256;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeyState;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.database.PostgresConnections;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.data.jpa.test.autoconfigure.DataJpaTest;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.test.context.DynamicPropertySource;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

/** A signing cycle over a fleet, keys and a database that a test arranges. */
@DataJpaTest
@Import(PostgresConnections.class)
@Transactional(propagation = Propagation.NOT_SUPPORTED)
abstract class SigningFixture {
  static final Instant NOW = Instant.parse("2026-11-22T12:00:00Z");
  static final TestKey IMAGE = TestKey.of(RSA_PSS_2048_SHA256, "image");
  static final TestKey IMAGE_384 = TestKey.of(ECDSA_P384_SHA384, "image");
  static final TestKey MANIFEST = TestKey.of(ED25519, "manifest");
  static final TestKey NEXT_MANIFEST = TestKey.of(ML_DSA_65, "manifest");

  /** What a halted machine looks like from the inside. */
  static final class Halted extends Error {
    private static final long serialVersionUID = 1L;
  }

  @DynamicPropertySource
  static void data(DynamicPropertyRegistry registry) {
    TemporaryData.register(registry);
  }

  @Autowired SigningRequestStore requests;
  @Autowired SigningAttemptStore attempts;
  @Autowired RequestApprovalStore approvals;
  @Autowired BuildStore buildStore;
  @Autowired DataSource database;
  @Autowired PlatformTransactionManager transactions;
  @TempDir Path directory;

  final TestFleet fleet = new TestFleet();
  final TestSigningKeys keys = new TestSigningKeys();
  final List<String> audited = new ArrayList<>();
  final List<String> passed = new ArrayList<>();
  Instant now = NOW;
  int haltAfter = Integer.MAX_VALUE;
  boolean stumbling;
  Bootloader bootloader = fleet.bootloader("bl-1", true, IMAGE);
  Profile profile = fleet.profile("main", List.of(443), "TLSv1.3", MANIFEST);

  @BeforeEach
  void emptyDatabase() {
    attempts.deleteAll();
    approvals.deleteAll();
    requests.deleteAll();
    buildStore.deleteAll();
    JdbcClient.create(database).sql("delete from build_line").update();
    keys.add("image", KeyPurpose.IMAGE, KeyState.ACTIVE, IMAGE);
    keys.add("image-384", KeyPurpose.IMAGE, KeyState.ACTIVE, IMAGE_384);
    keys.add("manifest", KeyPurpose.MANIFEST, KeyState.ACTIVE, MANIFEST);
    keys.add("next", KeyPurpose.MANIFEST, KeyState.ACTIVE, NEXT_MANIFEST);
  }

  final void assertRefused(Json.Builder spec, String reason) throws Exception {
    int used = keys.uses.size();
    SigningRequest request = sign(spec);
    assertThat(request.state()).isEqualTo(RequestState.REFUSED);
    assertThat(reasons(request)).containsExactly(reason);
    assertThat(keys.uses).as("no key is touched").hasSize(used);
  }

  final SigningRequest sign(Json.Builder spec) throws Exception {
    return cycle().take(PRODUCT, "user:alice", null, read(spec));
  }

  final SigningCycle cycle() throws IOException {
    return cycle(fleet);
  }

  /** A cycle as after a start: it knows the directory, the database and the keyring. */
  final SigningCycle cycle(FleetFacts facts) throws IOException {
    RequestLedger ledger =
        new RequestLedger(
            new TransactionTemplate(transactions), requests, attempts, builds(facts), new Audit());
    return new SigningCycle(
        ledger,
        new RequestApprovals(
            fleet, approvals, keys, new TransactionTemplate(transactions), new Audit()),
        facts,
        keys,
        builds(facts),
        payloads(),
        name -> {
          passed.add(name);
          if (stumbling) {
            stumbling = false;
            throw new IllegalStateException("nobody foresaw this");
          }
          if (passed.size() == haltAfter) {
            throw new Halted();
          }
        },
        Clock.fixed(now, ZoneOffset.UTC));
  }

  final PayloadStore payloads() throws IOException {
    return new PayloadStore(directory, 1 << 24);
  }

  final Builds builds() throws IOException {
    return builds(fleet);
  }

  private Builds builds(FleetFacts facts) throws IOException {
    return new Builds(
        buildStore,
        new BuildLines(JdbcClient.create(database)),
        new FileUse(JdbcClient.create(database)),
        new AllUploads(),
        payloads(),
        facts);
  }

  final Digest store(byte[] payload) throws IOException {
    return payloads().store(payload).sha256();
  }

  final Json.Builder spec(String version, long counter) throws IOException {
    byte[] payload = ("payload of " + version).repeat(1000).getBytes(StandardCharsets.UTF_8);
    return Json.object()
        .put("version", version)
        .put("securityCounter", counter)
        .put("hardware", List.of(hardware("gw", "a")))
        .put("format", "mcuboot")
        .put("payload", store(payload))
        .put("imageKeys", names("image"))
        .put("manifestKeys", names("manifest"))
        .put("profile", profile.digest());
  }

  static RequestSpec read(Json.Builder spec) throws RejectedException {
    return RequestSpec.read(new Fields(spec.build(), ""));
  }

  static Json names(String... names) {
    return Json.strings(Arrays.asList(names));
  }

  static Json.Obj hardware(String id, String revision) {
    return Json.object().put("id", id).put("revisions", names(revision)).build();
  }

  static Json.Obj object(String name, String value) {
    return Json.object().put(name, value).build();
  }

  static List<String> reasons(SigningRequest request) throws RejectedException {
    List<String> codes = new ArrayList<>();
    for (Fields reason : new Fields(request.toJson(), "").objects("reasons", 100)) {
      codes.add(reason.string("code"));
    }
    return codes;
  }

  static String refusal(SigningRequest request) throws RejectedException {
    return new Fields(request.toJson(), "").object("refusal").string("reason");
  }

  private final class Audit implements AuditLog {
    @Override
    public void record(Actor actor, String action, String subject, Map<String, String> details) {
      audited.add(action);
    }

    @Override
    public void writeOut() {}

    @Override
    public byte[] checkpoint() {
      throw new UnsupportedOperationException();
    }
  }
}
