package dev.otasigner.device.testing;

import static java.time.ZoneOffset.UTC;

import dev.otasigner.device.identity.IssuedCertificate;
import dev.otasigner.device.transport.BodyTooLongException;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLHandshakeException;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/**
 * The service as devices know it: catalogues, check-in, renewal, enrolment. Within the process, or
 * behind a {@link TestServer}.
 */
public final class TestService {
  /** Whenever the tests run, the devices' clocks stand here. */
  public static final Instant NOW = Instant.parse("2026-06-02T00:00:00Z");

  /** When what a lineage publishes at first expires. */
  public static final Instant NEXT_YEAR = Instant.parse("2027-06-01T00:00:00Z");

  /** The channel's role. */
  public static final String ROLE = TestFleet.CHANNEL + "." + TestFleet.HARDWARE.id();

  private static final String ROOT = "metadata/1.root.json";

  private final Map<String, RepositorySimulator> lineages = new HashMap<>();
  private final Map<String, byte[]> factory = new HashMap<>();
  private final Map<String, UnaryOperator<byte[]>> tampering = new HashMap<>();
  private final List<String> checkIns = new ArrayList<>();
  private final List<String> requests = new ArrayList<>();
  private final TestAuthority rsa;
  private final TestAuthority p384;
  private final List<Long> downloadOffsets = new ArrayList<>();
  private final List<PublicKey> requestedKeys = new ArrayList<>();
  private Optional<TestAuthority> factoryAuthority = Optional.empty();
  private Optional<Instant> time = Optional.empty();
  private Optional<Set<PublicKey>> known = Optional.empty();
  private Optional<Function<PublicKey, X509Certificate>> certifies = Optional.empty();
  private long heard = -1;
  private boolean countsCheckIns;
  private boolean failPosts;
  private int failAfter = Integer.MAX_VALUE;
  private int breakAfter = Integer.MAX_VALUE;

  public TestService(TestAuthority rsa, TestAuthority p384) {
    this.rsa = rsa;
    this.p384 = p384;
  }

  /** The lineage's repository, made when it is first asked for. */
  public RepositorySimulator lineage(String name) {
    return lineages.computeIfAbsent(name, n -> repository());
  }

  /** From now on another repository has the lineage's name, with a first root of its own. */
  public void reuseName(String name) {
    RepositorySimulator other = new RepositorySimulator();
    other.keys("root", 1, RepositorySimulator.key("another-root")).version("root", 0);
    lineages.put(name, published(other));
  }

  private static RepositorySimulator repository() {
    return published(new RepositorySimulator());
  }

  private static RepositorySimulator published(RepositorySimulator repository) {
    for (String role : List.of("root", "timestamp", "snapshot", "targets", ROLE)) {
      repository.expires(role, NEXT_YEAR);
    }
    repository.publishRoot();
    repository
        .issued(NOW.minusSeconds(3600))
        .delegate(
            "targets",
            ROLE,
            RepositorySimulator.key("channel"),
            TestFleet.CHANNEL + "/" + TestFleet.HARDWARE.id() + "/*");
    repository.publish();
    return repository;
  }

  /** Digest of the lineage's first root, for profiles. */
  public Digest root(String lineage) {
    return Digest.of(rootBytes(lineage));
  }

  public byte[] rootBytes(String lineage) {
    return Objects.requireNonNull(lineage(lineage).files().get(ROOT)).clone();
  }

  /** Lists these builds, newest first, and nothing else. */
  public void release(String lineage, Made... builds) {
    RepositorySimulator repository = lineage(lineage);
    String channel = TestFleet.CHANNEL;
    String hardware = TestFleet.HARDWARE.id();
    for (Made build : builds) {
      repository.add(ROLE, build.listing().manifest(), build.envelope().toByteArray());
      repository.add(
          ROLE,
          CataloguePaths.profile(channel, hardware, build.profile().digest()),
          build.profile().bytes().toByteArray());
      build
          .images()
          .forEach(
              (name, bytes) ->
                  repository.add(
                      ROLE,
                      CataloguePaths.image(channel, hardware, build.manifest().version(), name),
                      bytes));
      build
          .component()
          .ifPresent(
              c ->
                  repository.add(
                      ROLE,
                      CataloguePaths.bootloader(channel, hardware, build.manifest().version()),
                      c));
    }
    repository.add(
        ROLE, CataloguePaths.head(channel, hardware), Made.head(builds).toJson().canonicalBytes());
    repository.publish();
  }

  /** What the enrolment listener gives for a factory build. */
  public void factoryFile(String name, byte[] bytes) {
    factory.put(name, bytes);
  }

  /** From now on, what this factory certifies is enrolled. */
  public void trustFactory(TestAuthority authority) {
    factoryAuthority = Optional.of(authority);
  }

  /** Changes what goes over the wire for paths with this in them. */
  public void tamper(String part, UnaryOperator<byte[]> change) {
    tampering.put(part, change);
  }

  /** From the request of this number on, nothing is answered; the first is 1. */
  public void failAfter(int count) {
    failAfter = count;
    requests.clear();
  }

  /**
   * From now on the service knows what time it is: it says so in its answers, and looks at the
   * certificates that are shown to it within the process.
   */
  public void time(Instant now) {
    time = Optional.of(now);
  }

  /** From now on it lets in who has one of these keys, as a service with another past would. */
  public void knowsOnly(PublicKey... keys) {
    known = Optional.of(Set.of(keys));
  }

  /** From now on it lets in whoever its authorities vouch for. */
  public void knowsEverybody() {
    known = Optional.empty();
  }

  /** What it answers with from now on to a key that it is asked to certify. */
  public void certifies(Function<PublicKey, X509Certificate> how) {
    certifies = Optional.of(how);
  }

  /** From now on it takes no check-in whose number is not above the last one's. */
  public void countsCheckIns() {
    countsCheckIns = true;
  }

  /** As if it had heard so many check-ins. */
  public void heard(long number) {
    heard = number;
  }

  /** What is posted arrives, and its answer is lost. */
  public void failPosts(boolean fail) {
    failPosts = fail;
  }

  /** The keys that certificates were asked for. */
  public List<PublicKey> requestedKeys() {
    return requestedKeys;
  }

  /** Every download breaks after so many bytes of it. */
  public void breakDownloadsAfter(int bytes) {
    breakAfter = bytes;
  }

  /** Where downloads began, in their order. */
  public List<Long> downloadOffsets() {
    return downloadOffsets;
  }

  public List<String> checkIns() {
    return checkIns;
  }

  public List<String> requests() {
    return requests;
  }

  private record Reply(int status, Bytes content) {
    static final Reply NOTHING = new Reply(404, new byte[0]);

    Reply(int status, byte[] content) {
      this(status, Bytes.copyOf(content));
    }

    byte[] body() {
      return content.toByteArray();
    }
  }

  private Reply handle(String method, String path, String body) throws IOException {
    requests.add(method + " " + path);
    if (requests.size() > failAfter) {
      throw new IOException("the service is gone");
    }
    if (method.equals("POST")) {
      Reply answer = post(path, body);
      if (failPosts) {
        throw new IOException("the answer is lost");
      }
      return answer;
    }
    Reply reply = get(path);
    byte[] bytes = reply.body();
    for (Map.Entry<String, UnaryOperator<byte[]>> change : tampering.entrySet()) {
      if (path.contains(change.getKey())) {
        bytes = change.getValue().apply(bytes);
      }
    }
    return new Reply(reply.status(), bytes);
  }

  private Reply get(String path) {
    String[] parts = path.split("/", 4);
    if (path.startsWith("/device/v1/factory/")) {
      String name = path.substring(path.lastIndexOf('/') + 1).replace("?bootloader=boot-1", "");
      byte[] bytes = factory.get(name);
      return bytes == null ? Reply.NOTHING : new Reply(200, bytes);
    }
    RepositorySimulator repository = lineages.get(parts[2]);
    byte[] bytes = repository == null ? null : repository.files().get(parts[3]);
    return bytes == null || !parts[1].equals(TestFleet.PRODUCT)
        ? Reply.NOTHING
        : new Reply(200, bytes);
  }

  private Reply post(String path, String body) throws IOException {
    switch (path) {
      case "/device/v1/checkin" -> {
        if (countsCheckIns && sequence(body) <= heard) {
          return new Reply(
              409, ("{\"status\":409,\"seq\":" + heard + "}").getBytes(StandardCharsets.UTF_8));
        }
        heard = sequence(body);
        checkIns.add(body);
        return new Reply(200, "{\"nextSeconds\":60}".getBytes(StandardCharsets.UTF_8));
      }
      case "/device/v1/renew" -> {
        return new Reply(201, certify(body));
      }
      case "/device/v1/enrol" -> {
        if (!body.contains("\"secret\":\"once\"") && !isVouchedFor(body)) {
          return new Reply(403, new byte[0]);
        }
        return new Reply(201, certify(body));
      }
      default -> {
        return Reply.NOTHING;
      }
    }
  }

  private static long sequence(String body) throws IOException {
    try {
      return JsonReader.readObject(body.getBytes(StandardCharsets.UTF_8), 100_000)
          .integer("seq", 0, Long.MAX_VALUE);
    } catch (RejectedException e) {
      throw new IOException(e);
    }
  }

  /** Whether the factory's certificate in the request is for the device and for the key. */
  private boolean isVouchedFor(String body) throws IOException {
    try {
      Fields fields = JsonReader.readObject(body.getBytes(StandardCharsets.UTF_8), 100_000);
      Optional<String> pem = fields.optionalString("factoryCert");
      if (factoryAuthority.isEmpty() || pem.isEmpty()) {
        return false;
      }
      X509Certificate leaf = IssuedCertificate.certificates(pem.get()).get(0);
      leaf.verify(factoryAuthority.get().certificate().getPublicKey());
      return leaf.getPublicKey().equals(verified(fields.string("csr")))
          && leaf.getSubjectX500Principal().getName().equals("CN=" + fields.string("deviceId"));
    } catch (RejectedException e) {
      throw new IOException(e);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private byte[] certify(String body) throws IOException {
    try {
      Fields fields = JsonReader.readObject(body.getBytes(StandardCharsets.UTF_8), 100_000);
      PublicKey key = verified(fields.string("csr"));
      requestedKeys.add(key);
      TestAuthority authority = key.getAlgorithm().equals("RSA") ? rsa : p384;
      X509Certificate leaf =
          certifies.map(how -> how.apply(key)).orElseGet(() -> authority.device(key, "gw-0001"));
      return Json.object()
          .put(
              "cert",
              Json.strings(authority.chainOf(leaf).stream().map(TestAuthority::pem).toList()))
          .put("notAfter", leaf.getNotAfter().toInstant())
          .build()
          .textBytes();
    } catch (RejectedException e) {
      throw new IOException(e);
    }
  }

  /** The key of a request whose signature proves that its sender has it. */
  private static PublicKey verified(String csr) throws IOException {
    try (PEMParser parser = new PEMParser(new StringReader(csr))) {
      JcaPKCS10CertificationRequest request =
          new JcaPKCS10CertificationRequest((PKCS10CertificationRequest) parser.readObject());
      PublicKey key = request.getPublicKey();
      if (!request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key))) {
        throw new IOException("the request is not signed by its key");
      }
      return key;
    } catch (GeneralSecurityException | OperatorCreationException | PKCSException e) {
      throw new IOException(e);
    }
  }

  /** An identity of the old kind, as enrolment gives it. */
  public ClientIdentity rsaIdentity(java.security.KeyPair keys) {
    X509Certificate leaf = rsa.device(keys.getPublic(), "gw-0001");
    return new ClientIdentity(keys.getPrivate(), rsa.chainOf(leaf));
  }

  /** Within the process: no sockets, no TLS. */
  public Server.Dialling dialling() {
    return (profile, identity, now, clockRuns) -> new InProcess(identity);
  }

  /** Behind a TLS server. */
  public TestServer.Answer answer() {
    return this::answer;
  }

  private synchronized boolean answer(TestServer.Request request, OutputStream out)
      throws IOException {
    X509Certificate shown = null;
    if (known.isPresent()) {
      shown = (X509Certificate) request.session().getPeerCertificates()[0];
    }
    Reply reply =
        shown == null || known.get().contains(shown.getPublicKey())
            ? handle(request.method(), request.path(), request.body())
            : new Reply(403, new byte[0]);
    boolean isImage = request.path().endsWith(".img") && reply.status() == 200;
    if (!isImage) {
      String[] date =
          time
              .map(t -> "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(t.atOffset(UTC)))
              .stream()
              .toArray(String[]::new);
      List<String> headers = new ArrayList<>(List.of(date));
      if (reply.status() == 409) {
        headers.add("Content-Type: application/problem+json");
      }
      return TestServer.reply(out, reply.status(), reply.body(), headers.toArray(String[]::new));
    }
    byte[] all = reply.body();
    String range = request.headers().get("range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    downloadOffsets.add((long) from);
    String head =
        range == null
            ? "HTTP/1.1 200 OK\r\n"
            : "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes "
                + from
                + "-"
                + (all.length - 1)
                + "/"
                + all.length
                + "\r\n";
    out.write(
        (head + "Content-Length: " + (all.length - from) + "\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    int sent = Math.min(breakAfter, all.length - from);
    out.write(all, from, sent);
    return sent == all.length - from;
  }

  /** A connection that has gone away. */
  private static final class Broken extends InputStream {
    @Override
    public int read() throws IOException {
      throw new IOException("the connection broke");
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      return read();
    }
  }

  /** A server that answers everything with the same trouble. */
  public record Refusing(Function<String, IOException> trouble) implements Server {
    @Override
    public byte[] get(String path, long maxBytes) throws IOException {
      throw trouble.apply(path);
    }

    @Override
    public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
        throws IOException {
      throw trouble.apply(path);
    }

    @Override
    public Download download(String path, long offset) throws IOException {
      throw trouble.apply(path);
    }

    @Override
    public Optional<Negotiated> negotiated() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  private final class InProcess implements Server {
    private final ClientIdentity identity;

    InProcess(ClientIdentity identity) {
      this.identity = identity;
    }

    /** As the service's listener and gate do. */
    private void admit(String path) throws IOException {
      if (known.isPresent() && !known.get().contains(identity.certificate().getPublicKey())) {
        throw new StatusException(path, 403, "another key is known of this device");
      }
      Instant end = identity.certificate().getNotAfter().toInstant();
      if (time.isEmpty() || end.isAfter(time.get())) {
        return;
      }
      if (end.plus(Duration.ofDays(180)).isBefore(time.get())) {
        throw new IOException(
            new SSLHandshakeException("Received fatal alert: certificate_unknown"));
      }
      if (!path.equals("/device/v1/renew")) {
        throw new StatusException(path, 403, "it ended at " + end + "; renew it first");
      }
    }

    @Override
    public Optional<Instant> date() {
      return time;
    }

    @Override
    public byte[] get(String path, long maxBytes) throws IOException {
      admit(path);
      Reply reply = require(path, handle("GET", path, ""), 200);
      if (reply.body().length > maxBytes) {
        throw new BodyTooLongException(maxBytes);
      }
      return reply.body();
    }

    @Override
    public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
        throws IOException {
      admit(path);
      String body = new String(json, StandardCharsets.UTF_8);
      return require(path, handle("POST", path, body), expectedStatus).body();
    }

    @Override
    public Download download(String path, long offset) throws IOException {
      admit(path);
      byte[] all = require(path, handle("GET", path, ""), 200).body();
      byte[] rest = Arrays.copyOfRange(all, (int) offset, all.length);
      downloadOffsets.add(offset);
      InputStream whole = new ByteArrayInputStream(rest);
      InputStream body =
          rest.length <= breakAfter
              ? whole
              : new SequenceInputStream(
                  new ByteArrayInputStream(Arrays.copyOf(rest, breakAfter)), new Broken());
      return new Download(body, offset, all.length);
    }

    private Reply require(String path, Reply reply, int status) throws IOException {
      if (reply.status() != status) {
        throw new StatusException(path, reply.status(), "");
      }
      return reply;
    }

    @Override
    public Optional<Negotiated> negotiated() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }
}
