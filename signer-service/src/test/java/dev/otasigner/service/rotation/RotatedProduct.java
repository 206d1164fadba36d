package dev.otasigner.service.rotation;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;

/** A product on its first keys, whose next ones are made and known to bootloader and profile. */
abstract class RotatedProduct extends AtTheBridge {

  /** Two devices on 34.11; no build of the next generation is signed, and nothing is released. */
  @Override
  @BeforeEach
  void aProductAtItsBridge() throws Exception {
    openDoors();
    story = new Story(admin, "k" + ++count);
    legacy = story.legacyProfile(legacyPort);
    story.build("34.11", legacy, "image", "manifest");
    story.device("d1", "34.11");
    story.device("d2", "34.11");
    for (String[] key :
        new String[][] {
          {"image-next", "image", "ed25519"},
          {"manifest-ed", "manifest", "ed25519"},
          {"manifest-pq", "manifest", "ml-dsa-65"}
        }) {
      create(key[0], key[1], key[2]);
    }
    story.bootloader("boot2", "image-next");
    next = story.nextProfile(modernPort, "manifest-ed", "manifest-pq");
  }

  Answer create(String name, String purpose, String suite) {
    return admin
        .post(
            "/api/v1/keys",
            "{'name':'"
                + named(name)
                + "','purpose':'"
                + purpose
                + "','suite':'"
                + suite
                + "','token':'software'}")
        .expect(201);
  }

  /** A build of the next generation, by these image keys and all the manifest keys. */
  void bridge(String version, String imageKeys) {
    for (String key : List.of("manifest-ed", "manifest-pq")) {
      if (state(key).equals("pre-activation")) {
        activate(key);
      }
    }
    story.build(version, next, imageKeys, NEXT_KEYS, ",'bootloader':{'id':'boot2'}");
  }

  /** Both devices have crossed by 36.14, which is published. */
  int atNewOnly() {
    activate("image-next");
    int id = start("image", "image-next");
    bridge("36.14", "image,image-next");
    advance(id, "bridge").expect(200);
    take("d1", "36.14");
    take("d2", "36.14");
    return id;
  }

  void activate(String key) {
    change(key, "activate").expect(200);
  }

  void compromise(String key) {
    change(key, "compromise").expect(200);
  }

  Answer change(String key, String step) {
    String id = admin.get("/api/v1/keys/" + named(key)).expect(200).string("keyId");
    return admin.post("/api/v1/keys/" + id + "/" + step, "{}");
  }

  String named(String key) {
    return story.named(key);
  }

  String keys(String oldKey, String newKey) {
    return "{'oldKey':'" + named(oldKey) + "','newKey':'" + named(newKey) + "'}";
  }

  Answer ask(Admin as, String oldKey, String newKey) {
    return as.post(story.base + "/rotations", keys(oldKey, newKey));
  }

  int start(String oldKey, String newKey) {
    try {
      return (int)
          ask(admin, oldKey, newKey).expect(201).json().integer("id", 1, Integer.MAX_VALUE);
    } catch (RejectedException e) {
      throw new AssertionError(e);
    }
  }

  String path(int id) {
    return story.base + "/rotations/" + id;
  }

  Answer advance(int id, String step) {
    return admin.post(path(id) + "/advance", "{'step':'" + step + "'}");
  }

  Answer advanceWith(int id, String step, String more) {
    return admin.post(path(id) + "/advance", "{'step':'" + step + "'," + more + "}");
  }

  Answer abort(int id) {
    return admin.post(path(id) + "/abort", "{'reason':'another time'}");
  }

  Fields show(int id) {
    return admin.get(path(id)).expect(200).json();
  }

  Fields step(int id, String name) throws RejectedException {
    for (Fields step : show(id).objects("steps", 9)) {
      if (step.string("step").equals(name)) {
        return step;
      }
    }
    throw new AssertionError("no step " + name);
  }

  String next(int id) throws RejectedException {
    for (Fields step : show(id).objects("steps", 9)) {
      if (step.string("state").equals("next")) {
        return step.string("step");
      }
    }
    return "";
  }

  /** What the audit log has of a rotation, oldest first: steps by their names. */
  List<String> recorded(int id) throws RejectedException {
    String subject = "rotation:" + story.product + "/" + id;
    List<String> records = new ArrayList<>();
    for (Fields record :
        admin.get("/api/v1/audit?about=" + subject).expect(200).json().objects("records", 100)) {
      String action = record.string("action");
      records.add(
          action.equals("rotation.advanced")
              ? record.object("details").string("step")
              : action.replace("rotation.", ""));
    }
    return records;
  }

  /** Two people give up the devices on this build that retiring the key would cut off. */
  void writeOff(String key, String version) throws RejectedException {
    for (Fields cohort : stranded(impact("retireKeys", key))) {
      if (cohort.string("version").equals(version)) {
        long count = cohort.integer("count", 1, 99);
        String path = story.base + "/write-offs";
        String id =
            admin
                .post(
                    path,
                    "{'change':{'retireKeys':['"
                        + named(key)
                        + "']},'cohorts':[{'cohort':"
                        + cohort.integer("cohort", 1, Long.MAX_VALUE)
                        + ",'count':"
                        + count
                        + "}],'reason':'lost'}")
                .expect(201)
                .string("id");
        for (int person = 0; person < 2; person++) {
          admin
              .newUser(port(), "w" + Long.toHexString(System.nanoTime()), "approver")
              .post(path + "/" + id + "/approve", "{'devices':" + count + "}")
              .expect(200);
        }
      }
    }
  }

  void registerFixed(String id, String key) {
    admin
        .post(
            story.base + "/bootloaders",
            "{'id':'"
                + id
                + "','hardware':'gw','anchors':[{'key':'"
                + named(key)
                + "'}],'allowList':true,'rollbackProtection':true,'updatable':false,"
                + "'keyTlv':'keyhash','slotBytes':1048576}")
        .expect(201);
  }

  /** Another product, of one device, whose bootloader boots what this key has signed. */
  void alsoUsedBy(String product, String key) {
    String base = "/api/v1/products/" + product;
    admin.post(base + "/hardware", "{'id':'gw','revisions':['a']}").expect(201);
    admin.post(base + "/channels", "{'name':'stable'}").expect(201);
    admin
        .post(
            base + "/bootloaders",
            "{'id':'boot1','hardware':'gw','anchors':[{'key':'"
                + key
                + "'}],'allowList':true,'rollbackProtection':true,'updatable':true,"
                + "'keyTlv':'keyhash','slotBytes':1048576}")
        .expect(201);
    String profile =
        admin
            .post(
                base + "/profiles",
                "{'knows':['ecdsa-p256-sha256','ed25519'],'manifest':{'rule':{'all':['"
                    + named("manifest")
                    + "']}},'lineage':{'name':'main'},'minStrengthBits':112,'tls':{'versions':"
                    + "['TLSv1.2'],'suites':['"
                    + Story.CBC
                    + "'],'serverAnchors':['server'],'clientKey':'rsa-2048'},"
                    + "'servers':['localhost'],'ports':["
                    + legacyPort
                    + "]}")
            .expect(201)
            .string("digest");
    admin
        .post(
            base + "/requests",
            "{'version':'34.11','securityCounter':7,'hardware':[{'id':'gw','revisions':['a']}],"
                + "'format':'mcuboot','payload':'"
                + story.payload("of another product")
                + "','imageKeys':['"
                + key
                + "'],'manifestKeys':['"
                + named("manifest")
                + "'],'profile':'"
                + profile
                + "'}")
        .expect(201);
    admin
        .post(
            base + "/devices",
            "{'deviceId':'e1','hardware':'gw','revision':'a','bootloader':'boot1',"
                + "'channel':'stable','clockClass':'rtc','build':'34.11'}")
        .expect(201);
  }
}
