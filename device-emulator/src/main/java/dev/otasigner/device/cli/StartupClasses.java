package dev.otasigner.device.cli;

import dev.otasigner.device.agent.AgentStore;
import dev.otasigner.device.boot.BootMemory;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.flash.FlashLayout;
import dev.otasigner.device.flash.FlashLayout.Region;
import dev.otasigner.device.identity.CertificateRequest;
import dev.otasigner.device.identity.ClientKeys;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import dev.otasigner.verifier.tuf.MetaFile;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.Root;
import dev.otasigner.verifier.tuf.SignedMetadata;
import dev.otasigner.verifier.tuf.SignedMetadata.KeySignature;
import dev.otasigner.verifier.tuf.Snapshot;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.Targets;
import dev.otasigner.verifier.tuf.Timestamp;
import dev.otasigner.verifier.tuf.TufKey;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bouncycastle.operator.OperatorCreationException;

/**
 * Runs a whole update cycle of a device of its own, against a server of its own, so that the
 * class-data archive which the launcher makes from this run holds what every start loads. One
 * Ed25519 key, made here and forgotten, signs everything. What it prints goes nowhere.
 */
final class StartupClasses {
  private static final long SLOT_BYTES = 64 * 1024;
  private static final ImageVersion VERSION = new ImageVersion(1, 0, 0, 0);
  private static final String NAME = "training";

  private final Instant now = Instant.now().truncatedTo(ChronoUnit.SECONDS);
  private final KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  private final VerificationKey key =
      VerificationKey.of(SignatureSuite.ED25519, Bytes.copyOf(keys.getPublic().getEncoded()));
  private final TrainingServer server;

  private StartupClasses(TrainingServer server) throws GeneralSecurityException, RejectedException {
    this.server = server;
  }

  public static void main(String[] args)
      throws IOException, GeneralSecurityException, OperatorCreationException, RejectedException {
    PrintWriter nowhere = new PrintWriter(Writer.nullWriter());
    for (String command : List.of("enrol", "run", "state")) {
      Main.run(new String[] {command, "--help"}, nowhere, nowhere);
    }
    Path directory = Files.createTempDirectory("training");
    Path flash = directory.resolve("flash");
    try (TrainingServer server = new TrainingServer()) {
      new StartupClasses(server).provision(flash);
      String map = "443:" + server.port();
      String[] run = {"run", "--flash", flash.toString(), "--port-map", map};
      if (Main.run(run, nowhere, nowhere) != ExitCode.DONE) {
        throw new IllegalStateException("the training device is not up to date");
      }
      Main.run(new String[] {"state", "--flash", flash.toString(), "--json"}, nowhere, nowhere);
    } finally {
      Files.deleteIfExists(flash);
      Files.delete(directory);
    }
    KeyPair client = ClientKeys.generate(ClientKeyType.P_384);
    CertificateRequest.pem(NAME, ClientKeyType.P_384, client);
  }

  private void provision(Path file)
      throws IOException, GeneralSecurityException, RejectedException {
    byte[] root = catalogue();
    Profile profile = Profile.read(profile(Digest.of(root)));
    byte[] image = image();
    Bootloader bootloader =
        new Bootloader(
            NAME,
            List.of(BootAnchor.of(new Anchor(key))),
            List.of(),
            true,
            true,
            true,
            Bootloader.KeyTlv.KEYHASH,
            SLOT_BYTES);
    try (Flash flash = Flash.create(file, FlashLayout.forSlots(SLOT_BYTES))) {
      int align = flash.layout().writeAlignBytes();
      byte[] aligned = Arrays.copyOf(image, (image.length + align - 1) / align * align);
      Arrays.fill(aligned, image.length, aligned.length, flash.layout().erased());
      flash.region(Region.PRIMARY).write(0, aligned);
      BootMemory.open(flash.region(Region.BOOTLOADER), flash.region(Region.COUNTER))
          .provision(bootloader, 1, image.length);
      byte[] manifest = NAME.getBytes(StandardCharsets.US_ASCII);
      ClientIdentity identity =
          new ClientIdentity(server.keys().getPrivate(), List.of(server.certificate()));
      AgentStore.open(flash.region(Region.AGENT))
          .provision(
              new DeviceState(
                  NAME,
                  NAME,
                  new DeviceState.Hardware(NAME, "a"),
                  NAME,
                  new DeviceState.Clock(ClockClass.RTC, now.minus(Duration.ofDays(1))),
                  bootloader,
                  new DeviceState.Running(VERSION, Digest.of(manifest), profile.digest()),
                  Map.of(),
                  1,
                  NAME,
                  1,
                  new DeviceState.ClientCert(ClientKeyType.RSA_2048, now)),
              manifest,
              profile.bytes().toByteArray(),
              root,
              identity);
    }
  }

  private byte[] image() throws IOException, RejectedException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageSigner signer =
        new ImageSigner() {
          @Override
          public VerificationKey key() {
            return key;
          }

          @Override
          public byte[] sign(SigningInput input) throws IOException {
            try {
              return StartupClasses.this.sign(input.bytes().toByteArray());
            } catch (GeneralSecurityException e) {
              throw new IOException(e);
            }
          }
        };
    McubootAssembler.assemble(
        dev.otasigner.verifier.ByteSource.of(new byte[1024]),
        AssembleOptions.of(VERSION).padHeader().securityCounter(1).build(),
        List.of(signer),
        out);
    return out.toByteArray();
  }

  private byte[] profile(Digest root) {
    Json tls =
        Json.object()
            .put("versions", Json.strings(List.of("TLSv1.3", "TLSv1.2")))
            .put("suites", Json.strings(List.of("TLS_AES_256_GCM_SHA384")))
            .put("groups", Json.strings(List.of("secp256r1")))
            .put(
                "serverAnchors",
                Json.strings(List.of(Digest.of(server.keys().getPublic().getEncoded()).hex())))
            .put("clientKey", ClientKeyType.RSA_2048.code())
            .build();
    Json rule = Json.object().put("any", Json.strings(List.of(key.keyId().hex()))).build();
    return Json.object()
        .put("schema", 1)
        .put("knows", Json.strings(List.of(SignatureSuite.ED25519.code())))
        .put(
            "manifest",
            Json.object()
                .put("rule", rule)
                .put("anchors", List.of(new Anchor(key).toJson()))
                .build())
        .put("lineage", Json.object().put("name", NAME).put("rootSha256", root).build())
        .put("minStrengthBits", 112)
        .put("tls", tls)
        .put("servers", Json.strings(List.of("localhost")))
        .put("ports", List.of(new Json.Num(443)))
        .build()
        .canonicalBytes();
  }

  /** Publishes an empty head file; returns the root. */
  private byte[] catalogue() throws GeneralSecurityException {
    Instant expires = now.plus(Duration.ofDays(1));
    TufKey tufKey = TufKey.of(key);
    Map<String, RoleKeys> roles = new LinkedHashMap<>();
    for (String role :
        List.of(Metadata.ROOT, Metadata.TIMESTAMP, Metadata.SNAPSHOT, Metadata.TARGETS)) {
      roles.put(role, RoleKeys.of(1, tufKey));
    }
    byte[] head = new Head(NAME, NAME, now, List.of()).toJson().canonicalBytes();
    TargetFile listed = TargetFile.of(CataloguePaths.head(NAME, NAME), head);
    String base = "/" + NAME + "/" + NAME + "/";
    server.put(base + "targets/" + listed.location(true), head);
    server.put(
        base + "metadata/1.targets.json", signed(Targets.of(1, expires, List.of(listed)).toJson()));
    server.put(
        base + "metadata/1.snapshot.json",
        signed(new Snapshot(1, expires, Map.of(Metadata.TARGETS, MetaFile.of(1))).toJson()));
    server.put(
        base + "metadata/timestamp.json",
        signed(new Timestamp(1, expires, Optional.of(now), MetaFile.of(1)).toJson()));
    server.put("/device/v1/checkin", "{}".getBytes(StandardCharsets.US_ASCII));
    return signed(new Root(1, expires, true, TufKey.byId(List.of(tufKey)), roles).toJson());
  }

  private byte[] signed(Json.Obj document) throws GeneralSecurityException {
    TufKey tufKey = TufKey.of(key);
    byte[] signature = sign(SignedMetadata.toBeSigned(tufKey, document));
    return SignedMetadata.envelope(document, List.of(KeySignature.of(tufKey, signature)));
  }

  private byte[] sign(byte[] message) throws GeneralSecurityException {
    Signature signature = Signature.getInstance("Ed25519");
    signature.initSign(keys.getPrivate());
    signature.update(message);
    return signature.sign();
  }
}
