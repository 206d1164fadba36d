package dev.otasigner.cli.approvals;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.otasigner.keys.approval.RequestDocument;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A service with one request that waits; a test changes what it says before it is asked. */
final class FakeRequests implements AutoCloseable {
  static final String ID = "555b9863-d19f-49c3-891d-dd2e8f7ebc37";
  static final TestKey IMAGE = TestKey.of(SignatureSuite.ECDSA_P256_SHA256, "image");
  private static final String BUILDS =
      "/api/v1/products/thermostat/builds?limit=2&from=34.12.0%2B0";
  private static final String REQUEST = "/api/v1/requests/" + ID;

  final Map<String, Json> document = new LinkedHashMap<>();
  final Map<String, Json> draft = new LinkedHashMap<>();
  final Map<String, Json> told = new LinkedHashMap<>();
  final Map<String, byte[]> answers = new LinkedHashMap<>();
  final List<Digest> toBeSigned = new ArrayList<>();
  final List<Json> approvals = new ArrayList<>();
  byte[] payload = "machine code".getBytes(StandardCharsets.UTF_8);
  String stateAfter = "ready";
  @Nullable String problem;
  Optional<Envelope> handedIn = Optional.empty();

  private final HttpServer server;

  FakeRequests() throws IOException, RejectedException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
    Instant created = Instant.now().truncatedTo(ChronoUnit.SECONDS).minusSeconds(60);
    draft(created);
    toBeSigned.add(signedBy(payload, options().padHeader().build(), IMAGE));
    document.putAll(
        Json.object()
            .put("id", ID)
            .put("requester", "user:rita")
            .put("product", "thermostat")
            .put("hardware", Json.strings(List.of("board")))
            .put("purpose", "build")
            .put("keyIds", Json.strings(List.of(IMAGE.keyId().hex())))
            .put("policy", Digest.of(policy(1).canonicalBytes()))
            .put("created", created)
            .build()
            .members());
    told.put("id", new Json.Str(ID));
    told.put("state", new Json.Str("awaiting-approval"));
    told.put("policy", policy(1));
    told.put("approvalsNeeded", new Json.Num(2));
    others();
  }

  private void draft(Instant created) {
    draft.putAll(
        Json.object()
            .put("schema", 1)
            .put("critical", List.of())
            .put("product", "thermostat")
            .put("hardware", hardware("a", "b"))
            .put("version", "34.12.0+0")
            .put("securityCounter", 2)
            .put("format", "mcuboot")
            .put("built", created)
            .put("variants", List.of(image(ImageHash.SHA256, false)))
            .put("profile", Digest.of(new byte[] {1}))
            .put(
                "from",
                List.of(Json.object().put("min", "34.0.0+0").put("max", "34.11.0+0").build()))
            .put(
                "requires",
                List.of(Json.object().put("component", "modem").put("min", "2.0.0+0").build()))
            .build()
            .members());
  }

  private void others() {
    put(
        "/api/v1/keys",
        Json.object()
            .put("keyId", IMAGE.keyId())
            .put("name", "image-2026")
            .put("purpose", "image")
            .put("suite", "ecdsa-p256-sha256")
            .build());
    put(BUILDS, build("34.13.0+0", 9), build("34.11.0+0", 1));
  }

  static Json.Obj build(String version, long counter) {
    return Json.object()
        .put("version", version)
        .put("securityCounter", counter)
        .put("profile", Digest.of(new byte[] {1}))
        .put("hardware", hardware("a"))
        .build();
  }

  /** The manifest names a bootloader with one key; the service has it with another. */
  Bootloader bringsBootloader(TestKey named, TestKey registered) {
    draft.put(
        "bootloader",
        Json.object()
            .put("id", "loader-2")
            .put("anchors", BootAnchor.toJson(List.of(named.bootAnchor())))
            .build());
    Bootloader next =
        new Bootloader(
            "loader-2",
            List.of(registered.bootAnchor()),
            List.of(),
            true,
            true,
            true,
            Bootloader.KeyTlv.KEYHASH,
            1 << 20);
    put("/api/v1/products/thermostat/bootloaders", next.toJson());
    return next;
  }

  static Json.Obj image(ImageHash hash, boolean pure) {
    return Json.object()
        .put("name", hash.code() + (pure ? "-pure" : ""))
        .put("suite", "ecdsa-p256-sha256")
        .put("hash", hash.code())
        .put("pure", pure)
        .put("anchors", Json.strings(List.of(IMAGE.keyId().hex())))
        .build();
  }

  private static List<Json> hardware(String... revisions) {
    return List.of(
        Json.object()
            .put("id", "board")
            .put("revisions", Json.strings(List.of(revisions)))
            .build());
  }

  static Json.Obj policy(long step) {
    return Json.object()
        .put("evenMajorsOnly", true)
        .put("maxCounterStep", step)
        .put("timestampDays", 7)
        .build();
  }

  void put(String path, Json... items) {
    answers.put(path, new Json.Arr(List.of(items)).textBytes());
  }

  static AssembleOptions.Builder options() throws RejectedException {
    return AssembleOptions.of(ImageVersion.parse("34.12.0+0")).securityCounter(2);
  }

  /** What the key is given to sign when an image is really made. */
  static Digest signedBy(byte[] payload, AssembleOptions options, TestKey key)
      throws IOException, RejectedException {
    List<Digest> given = new ArrayList<>();
    ImageSigner signer =
        new ImageSigner() {
          @Override
          public VerificationKey key() {
            return key.key();
          }

          @Override
          public byte[] sign(SigningInput input) {
            given.add(Digest.of(input.bytes()));
            return key.sign(input);
          }
        };
    McubootAssembler.assemble(
        ByteSource.of(payload), options, List.of(signer), OutputStream.nullOutputStream());
    return given.get(0);
  }

  static AssembleOptions hashed(ImageHash hash) throws RejectedException {
    return options().padHeader().hash(hash).build();
  }

  String address() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Fills in the digests, which a test may have overridden, as the service does. */
  private byte[] request() throws RejectedException {
    document.putIfAbsent("toBeSigned", Json.strings(toBeSigned.stream().map(Digest::hex).toList()));
    document.putIfAbsent(
        "payloads",
        new Json.Arr(
            List.of(
                Json.object()
                    .put("sha256", Digest.of(payload))
                    .put("length", payload.length)
                    .put("kind", "payload")
                    .build())));
    document.putIfAbsent(
        "manifest",
        new Json.Str(
            RequestDocument.manifestDraft(Bytes.copyOf(new Json.Obj(draft).textBytes())).hex()));
    Json.Obj whole = new Json.Obj(document);
    told.putIfAbsent("digest", new Json.Str(Digest.of(whole.canonicalBytes()).hex()));
    Map<String, Json> all = new LinkedHashMap<>(told);
    all.put("document", whole);
    all.put("draft", new Json.Obj(draft));
    all.put("approvals", new Json.Arr(approvals));
    return new Json.Obj(all).textBytes();
  }

  private synchronized void answer(HttpExchange http) throws IOException {
    String path = http.getRequestURI().toString();
    byte[] body = http.getRequestBody().readAllBytes();
    int status = 200;
    byte[] answer;
    try {
      if (path.equals(REQUEST + "/approvals")) {
        handedIn =
            Optional.of(
                Envelope.read(
                    JsonReader.readObject(body, 1 << 16)
                        .base64("envelope", 1 << 16)
                        .toByteArray()));
        String told = problem;
        status = told == null ? 200 : 409;
        answer =
            told == null
                ? Json.object().put("id", ID).put("state", stateAfter).build().textBytes()
                : told.getBytes(StandardCharsets.UTF_8);
      } else if (path.equals(REQUEST + "/payload")) {
        answer = answers.getOrDefault(path, payload);
      } else if (path.equals(REQUEST)) {
        answer = request();
      } else {
        answer = answers.getOrDefault(path, new byte[0]);
        status = answer.length == 0 ? 500 : 200;
      }
    } catch (RejectedException e) {
      throw new IOException(e);
    }
    http.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
    http.getResponseBody().write(answer);
    http.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
