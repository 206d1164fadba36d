package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.Admin.Answer;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.catalogue.Story;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** Images of a vendor that signs them itself: of its key only the public half is known here. */
@ServiceTest
class VendorImageTests {
  private static final SignatureSuite SUITE = SignatureSuite.ECDSA_P256_SHA256;
  private static int count;
  private static Admin admin = Admin.anonymous(0);

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private Story story = unmade();
  private String profile = "";

  @SuppressWarnings("NullAway")
  private static Story unmade() {
    return null;
  }

  @BeforeEach
  void product() {
    if (count++ == 0) {
      admin = Admin.withEveryRole(port, printed.password());
    }
    story = new Story(admin, "vi" + count);
    profile = story.legacyProfile(8443);
  }

  /** A key that signs images, and never comes here. */
  private record Vendor(KeyPair pair, VerificationKey key) implements ImageSigner {
    static Vendor make() throws Exception {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      Bytes spki = Bytes.copyOf(pair.getPublic().getEncoded());
      return new Vendor(pair, VerificationKey.of(SUITE, spki));
    }

    @Override
    public byte[] sign(SigningInput input) throws IOException {
      try {
        Signature signature = Signature.getInstance("NONEwithECDSA");
        signature.initSign(pair.getPrivate());
        signature.update(input.bytes().toByteArray());
        return signature.sign();
      } catch (GeneralSecurityException e) {
        throw new IOException(e);
      }
    }

    Json.Builder anchor() {
      return Json.object()
          .put("key", key.keyId())
          .put("suite", SUITE.code())
          .putBase64("spki", key.spki());
    }
  }

  private Answer register(Json.Obj anchor) {
    return admin.post(
        story.base + "/bootloaders",
        Json.object()
            .put("id", "vendor")
            .put("hardware", "gw")
            .put("anchors", List.of(anchor))
            .put("allowList", true)
            .put("rollbackProtection", true)
            .put("updatable", false)
            .put("keyTlv", "keyhash")
            .put("slotBytes", 1048576)
            .build());
  }

  private Answer push(Vendor signer) throws Exception {
    ByteArrayOutputStream image = new ByteArrayOutputStream();
    McubootAssembler.assemble(
        ByteSource.of("old machine code ".repeat(1000).getBytes(StandardCharsets.US_ASCII)),
        AssembleOptions.of(ImageVersion.parseLenient("34.12"))
            .securityCounter(7)
            .padHeader()
            .build(),
        List.of(signer),
        image);
    String digest =
        admin.upload("/api/v1/payloads", image.toByteArray()).expect(201).string("sha256");
    return admin.post(
        story.base + "/builds",
        "{'image':'"
            + digest
            + "','hardware':[{'id':'gw','revisions':['a']}],'manifestKeys':['"
            + story.named("manifest")
            + "'],'profile':'"
            + profile
            + "'}");
  }

  @Test
  void anImageOfAKeyWhosePublicHalfABootloaderHasIsTaken() throws Exception {
    Vendor vendor = Vendor.make();
    register(vendor.anchor().build()).expect(201);
    push(vendor).expect(201);
    assertThat(admin.get("/api/v1/keys").expect(200).text())
        .doesNotContain(vendor.key().keyId().hex());
  }

  @Test
  void anImageOfAKeyThatNoBootloaderHasIsRefused() throws Exception {
    register(Vendor.make().anchor().build()).expect(201);
    push(Vendor.make()).expectProblem(422, "refused");
  }

  @Test
  void aPublicHalfIsNamedByItsIdentifierAndSuite() throws Exception {
    Vendor vendor = Vendor.make();
    register(vendor.anchor().put("key", "0".repeat(64)).build()).expectProblem(400, "bad-request");
    register(vendor.anchor().put("suite", "ed25519").build()).expectProblem(400, "bad-request");
    Json.Builder half = Json.object().put("key", vendor.key().keyId());
    register(half.putBase64("spki", vendor.key().spki()).build()).expectProblem(400, "bad-request");
  }
}
