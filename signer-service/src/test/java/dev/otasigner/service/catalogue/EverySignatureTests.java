package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.service.keyring.SignedInJournal;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What the worker's journal tells of signatures, the audit log tells too. */
@ServiceTest
class EverySignatureTests {
  private static final Pattern KEY = Pattern.compile("[0-9a-f]{64}");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private ServiceDirectories directories;
  @Autowired private Keyring keyring;

  private static List<Fields> records(Admin admin) throws Exception {
    List<Fields> records = new ArrayList<>();
    for (String line : admin.get("/api/v1/audit/export").expect(200).text().split("\n", -1)) {
      if (!line.isEmpty()) {
        records.add(JsonReader.readObject(line.getBytes(StandardCharsets.UTF_8), 1 << 16));
      }
    }
    return records;
  }

  /** How many signatures of each key the records speak for. */
  private static Map<Digest, Integer> recorded(List<Fields> records) throws Exception {
    Map<Digest, Integer> recorded = new HashMap<>();
    for (Fields record : records) {
      Fields details = record.object("details");
      List<String> keys = new ArrayList<>();
      switch (record.string("action")) {
        case "key.used" -> details.optionalString("keyId").ifPresent(keys::add);
        case "device.enrolled", "device.renewed", "listener.certified", "authority.created" ->
            keys.add(details.string("issuer"));
        case "catalogue.intent-durable" -> {
          for (Map.Entry<String, Json> detail : details.members().entrySet()) {
            if (detail.getKey().startsWith("roles") && detail.getValue() instanceof Json.Str text) {
              Matcher key = KEY.matcher(text.value());
              while (key.find()) {
                keys.add(key.group());
              }
            }
          }
        }
        default -> {}
      }
      keys.forEach(key -> recorded.merge(new Digest(key), 1, Integer::sum));
    }
    return recorded;
  }

  /** Checkpoints alone are told by themselves: a record of one would ask for the next. */
  @Test
  void everySignatureInTheJournalIsARecordOfTheLog() throws Exception {
    Admin admin = Admin.withEveryRole(port, printed.password());
    int listener = FleetFixture.freePort();
    admin
        .post(
            "/api/v1/listeners",
            "{'name':'leaves','port':"
                + listener
                + ",'kind':'enrol','tls':{'versions':['TLSv1.3'],"
                + "'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-384'}}")
        .expect(201);
    Story story = new Story(admin, "leaves");
    int dialled =
        FleetFixture.listener(
            admin,
            "leaves-device",
            "device",
            "'versions':['TLSv1.2'],'suites':['TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],"
                + "'serverKey':'rsa-2048'");
    String profile = story.legacyProfile(dialled);
    story.build("1.0", profile, "image", "manifest");
    story.device("d1", "1.0");
    story.build("1.1", profile, "image", "manifest");
    story.release("1.1", false).expect(201);

    Map<Digest, Integer> signed = SignedInJournal.of(directories.worker());
    Map<Digest, Integer> recorded = recorded(records(admin));

    Set<KeyPurpose> seen = EnumSet.noneOf(KeyPurpose.class);
    signed.forEach(
        (key, times) -> {
          if (!keyring.byId(key).name().equals("audit-log")) {
            seen.add(keyring.byId(key).purpose());
            assertThat(recorded.getOrDefault(key, 0))
                .as(keyring.byId(key).name())
                .isGreaterThanOrEqualTo(times);
          }
        });
    assertThat(seen)
        .contains(
            KeyPurpose.IMAGE,
            KeyPurpose.MANIFEST,
            KeyPurpose.ROOT,
            KeyPurpose.TARGETS,
            KeyPurpose.CHANNEL,
            KeyPurpose.SNAPSHOT,
            KeyPurpose.TIMESTAMP,
            KeyPurpose.AUDIT,
            KeyPurpose.DEVICE_CA,
            KeyPurpose.SERVER_TLS);
  }
}
