package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.example.signer.ApiClient;
import com.example.signer.ApiException;
import com.example.signer.api.SignerApi;
import com.example.signer.model.Build;
import com.example.signer.model.Credentials;
import com.example.signer.model.HardwareRevisions;
import com.example.signer.model.ImageFormat;
import com.example.signer.model.KeyPurpose;
import com.example.signer.model.KeyTlv;
import com.example.signer.model.Named;
import com.example.signer.model.NewAnchor;
import com.example.signer.model.NewBootloader;
import com.example.signer.model.NewHardware;
import com.example.signer.model.NewKey;
import com.example.signer.model.NewProduct;
import com.example.signer.model.NewSigningRequest;
import com.example.signer.model.NewUser;
import com.example.signer.model.PasswordChange;
import com.example.signer.model.Payload;
import com.example.signer.model.Problem;
import com.example.signer.model.Profile;
import com.example.signer.model.ProfileLineage;
import com.example.signer.model.ProfileManifest;
import com.example.signer.model.ProfileTls;
import com.example.signer.model.RequestState;
import com.example.signer.model.SignatureSuite;
import com.example.signer.model.SigningRequest;
import com.example.signer.model.TlsKeyType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A client that a stranger generates from the OpenAPI document releases a build with it. */
class GeneratedClientIT {
  private static final String PRODUCT = "generated";
  private static final List<String> ROLES =
      List.of("administrator", "release-engineer", "key-custodian");

  @TempDir private Path directory;

  @Test
  void clientMadeFromTheDocumentSignsABuild() throws Exception {
    try (ServiceProcess service = ServiceProcess.start(directory.resolve("data"))) {
      ApiClient client = new ApiClient().setBasePath(service.address());
      SignerApi api = new SignerApi(client);
      signInAnew(client, api, "admin", service.password());
      String oneTime =
          api.createUser(new NewUser().name("maker").roles(ROLES)).getOneTimePassword();
      signInAnew(client, api, "maker", oneTime);
      assertThat(api.whoAmI().getName()).isEqualTo("maker");

      String profile = product(api);
      Path file =
          Files.write(
              directory.resolve("payload"),
              "firmware ".repeat(9000).getBytes(StandardCharsets.UTF_8));
      Payload payload = api.uploadPayload(file.toFile(), PRODUCT);
      assertThat(payload.getLength()).isEqualTo(Files.size(file));
      SigningRequest request = api.requestSignature(PRODUCT, request(profile, payload));
      assertThat(request.getState()).isEqualTo(RequestState.READY);
      Build build = api.getBuild(PRODUCT, "34.12");
      assertThat(build.getVersion()).isEqualTo("34.12.0+0");
      assertThat(build.getRequest()).isEqualTo(request.getId());
      assertThat(build.getVariants()).hasSize(1);
      assertThat(api.getBuildVariant(PRODUCT, "34.12", build.getVariants().get(0).getName()))
          .hasSize(build.getVariants().get(0).getLength());

      ApiException refused =
          catchThrowableOfType(ApiException.class, () -> api.getBuild(PRODUCT, "35.0"));
      Problem problem =
          client.getObjectMapper().readValue(refused.getResponseBody(), Problem.class);
      assertThat(refused.getCode()).isEqualTo(404);
      assertThat(problem.getType()).isEqualTo("urn:ota:problem:not-found");
      assertThat(problem.getStatus()).isEqualTo(404);
      assertThat(problem.getInstance()).startsWith("urn:ota:request:");
    }
  }

  private static void signInAnew(ApiClient client, SignerApi api, String user, String oneTime)
      throws ApiException {
    String own = user + " has chosen this one";
    client.setBearerToken(api.signIn(new Credentials().user(user).password(oneTime)).getToken());
    api.changePassword(user, new PasswordChange().current(oneTime).password(own));
    client.setBearerToken(api.signIn(new Credentials().user(user).password(own)).getToken());
  }

  /** Keys, hardware, a channel, a bootloader and a profile, whose digest is returned. */
  private static String product(SignerApi api) throws ApiException {
    api.createProduct(new NewProduct().name(PRODUCT));
    api.addHardware(PRODUCT, new NewHardware().id("gw").revisions(List.of("a")));
    api.addChannel(PRODUCT, new Named().name("stable"));
    for (KeyPurpose purpose : List.of(KeyPurpose.IMAGE, KeyPurpose.MANIFEST)) {
      String id =
          api.createKey(
                  new NewKey()
                      .name(PRODUCT + "-" + purpose.getValue())
                      .purpose(purpose)
                      .suite(SignatureSuite.ECDSA_P256_SHA256))
              .getKeyId();
      api.activateKey(id, null);
    }
    api.registerBootloader(
        PRODUCT,
        new NewBootloader()
            .id("boot1")
            .hardware("gw")
            .anchors(List.of(new NewAnchor().key(PRODUCT + "-image")))
            .allowList(true)
            .rollbackProtection(true)
            .updatable(true)
            .keyTlv(KeyTlv.KEYHASH)
            .slotBytes(1L << 20));
    return api.registerProfile(
            PRODUCT,
            new Profile()
                .knows(List.of("ecdsa-p256-sha256", "ed25519", "ml-dsa-65"))
                .manifest(
                    new ProfileManifest()
                        .rule(Map.of("all", List.of(PRODUCT + "-manifest")))
                        .anchors(null))
                .lineage(new ProfileLineage().name("main"))
                .minStrengthBits(112)
                .tls(
                    new ProfileTls()
                        .versions(List.of("TLSv1.3"))
                        .suites(List.of("TLS_AES_256_GCM_SHA384"))
                        .groups(null)
                        .serverAnchors(List.of("server"))
                        .clientKey(TlsKeyType.P_256))
                .servers(List.of("localhost"))
                .ports(List.of(8443)))
        .getDigest();
  }

  private static NewSigningRequest request(String profile, Payload payload) {
    return new NewSigningRequest()
        .version("34.12")
        .securityCounter(7L)
        .hardware(List.of(new HardwareRevisions().id("gw").revisions(List.of("a"))))
        .format(ImageFormat.MCUBOOT)
        .payload(payload.getSha256())
        .imageKeys(List.of(PRODUCT + "-image"))
        .manifestKeys(List.of(PRODUCT + "-manifest"))
        .profile(profile);
  }
}
