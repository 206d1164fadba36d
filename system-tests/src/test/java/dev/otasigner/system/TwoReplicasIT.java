package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.postgres.PostgresServer;
import dev.otasigner.service.replica.Replicas;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two services on one PostgreSQL and one directory. People work through either of them; the active
 * one is killed and frozen while it signs and publishes, and a client reads the catalogue all the
 * while at whichever answers.
 */
@SuppressWarnings("NullAway.Init")
class TwoReplicasIT {
  private static final int PROFILE_PORT = 31_317;
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final String TIMESTAMP =
      "/catalogue/"
          + RegisteredProduct.PRODUCT
          + "/"
          + RegisteredProduct.LINEAGE
          + "/metadata/timestamp.json";

  @TempDir Path directory;
  private PostgresServer postgres;
  private Map<String, String> common;
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Integer> ports = new ArrayList<>();
  private ServiceProcess active;
  private ServiceProcess standBy;
  private int activePort;
  private int starts;

  @BeforeEach
  void startBoth() throws IOException {
    postgres = PostgresServer.create();
    common = new HashMap<>(postgres.environment(postgres.createDatabase()));
    common.put("SIGNER_SHARED", directory.resolve("shared").toString());
    common.put("SIGNER_REPLICA_LEASE", "PT4S");
    ports.add(freePort());
    ports.add(freePort());
    activePort = ports.get(0);
    active = start(ports.get(0));
    standBy = start(ports.get(1));
    assertThat(active.address()).endsWith(":" + ports.get(0));
    assertThat(standBy.address()).endsWith(":" + ports.get(1));
  }

  @AfterEach
  void stopBoth() throws IOException {
    active.close();
    standBy.close();
    postgres.close();
  }

  /** On a directory of its own that is there already: no first password is waited for, but once. */
  private ServiceProcess start(int port) throws IOException {
    Path data = directory.resolve("own-" + port);
    if (starts++ > 0) {
      Files.createDirectories(data);
    }
    return ServiceProcess.replica(data, port, common, List.of("-Dhalt.file=" + halting(port)));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void await(String what, BooleanSupplier there) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!there.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(end);
      Thread.sleep(50);
    }
  }

  private HttpResponse<String> get(String uri) throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(uri)).timeout(Duration.ofSeconds(5)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  /** Reads the timestamp at either of them, over and over. */
  private final class Reader implements AutoCloseable {
    private final List<String> faults = new CopyOnWriteArrayList<>();
    private volatile boolean ends;
    private volatile long version;
    private final AtomicLong readings = new AtomicLong();
    private final Thread thread = new Thread(this::read, "reader");

    Reader() {
      thread.start();
    }

    private void read() {
      for (int turn = 0; !ends; turn++) {
        try {
          HttpResponse<String> answer = get("http://127.0.0.1:" + ports.get(turn % 2) + TIMESTAMP);
          if (answer.statusCode() == 200) {
            Fields signed =
                JsonReader.readObject(answer.body().getBytes(StandardCharsets.UTF_8), 1 << 16)
                    .object("signed");
            long found = signed.integer("version", 1, Long.MAX_VALUE);
            if (found < version) {
              faults.add("timestamp " + found + " after " + version);
            }
            version = found;
            readings.incrementAndGet();
          }
          Thread.sleep(20);
        } catch (IOException e) {
          // frozen, killed or being started
        } catch (Exception e) {
          faults.add(String.valueOf(e));
        }
      }
    }

    @Override
    public void close() {
      ends = true;
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Asks again, as a person or a script does, until it is done. */
  private static Operator.Answer untilDone(String what, Callable<Operator.Answer> asking)
      throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    Operator.Answer answer = asking.call();
    while (answer.status() != 0) {
      assertThat(System.nanoTime()).as("%s: %s", what, answer.err()).isLessThan(end);
      Thread.sleep(500);
      answer = asking.call();
    }
    return answer;
  }

  /** A moment between two steps of signing or publishing, and what happens to the service there. */
  private record Blow(String milestone, boolean freezes) {}

  private static final List<Blow> BLOWS =
      List.of(
          new Blow("signing.intent-durable", true),
          new Blow("signing.stored", false),
          new Blow("signing.signed", true),
          new Blow("release.decided", true),
          new Blow("catalogue.snapshot", false),
          new Blow("catalogue.accepted", true),
          new Blow("catalogue.timestamp", true));

  @Test
  void theActiveOneIsKilledAndFrozenAndNothingIsLost() throws Exception {
    RegisteredProduct product = RegisteredProduct.at(active, directory);
    String profile = product.addProfile("p-384", PROFILE_PORT);
    product.signIn(standBy);
    product.sign("34.10", profile).requireDone();
    product.publish("34.10").requireDone();
    int minor = 11;
    int frozen = 0;
    try (Reader reader = new Reader()) {
      await("the catalogue is read", () -> reader.readings.get() > 10);
      for (Blow blow : BLOWS) {
        String version = "34." + minor++;
        boolean signs = blow.milestone().startsWith("signing.");
        if (!signs) {
          product.sign(version, profile).requireDone();
        }
        strike(blow, () -> signs ? product.sign(version, profile) : product.publish(version));
        frozen += blow.freezes() ? 1 : 0;
        product.signIn(standBy);
        if (signs) {
          untilDone("published after " + blow, () -> product.publish(version));
        }
        follow(active, version + ".0+0");
        follow(standBy, version + ".0+0");
      }
      assertThat(reader.faults).isEmpty();
    }
    product
        .administrator()
        .run(
            "login",
            "--service",
            standBy.address(),
            "--user",
            "admin",
            "--password-file",
            "password")
        .requireDone();
    product
        .administrator()
        .run("keys", "export", "audit-log", "--public", "-o", "audit.pem")
        .requireDone();
    product.administrator().run("audit", "verify", "--key", "audit.pem").requireDone();
    assertThat(segments()).as("journal files").hasSize(1 + frozen);
    assertThat(signedTwice()).isEmpty();
  }

  /** The client that has followed all along, at either of them, and a new one find the release. */
  private void follow(ServiceProcess service, String version) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!Follower.headOf(service, directory.resolve("follower"), version)) {
      assertThat(System.nanoTime()).as("the follower finds %s", version).isLessThan(end);
      Thread.sleep(200);
    }
    Path fresh = Files.createTempDirectory(directory, "fresh");
    assertThat(Follower.headOf(service, fresh, version)).as(version).isTrue();
  }

  /** Asks the one that stands by; the active one dies or freezes over it, and is followed. */
  private void strike(Blow blow, Callable<Operator.Answer> asking) throws Exception {
    Path file = halting(activePort);
    Path freezes = Path.of(file + ".freezes");
    if (blow.freezes()) {
      Files.createFile(freezes);
    }
    Files.writeString(file, blow.milestone() + " 1");
    CompletableFuture<Operator.Answer> asked =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return asking.call();
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    ServiceProcess struck = active;
    await("another one is active after " + blow, () -> standBy.said("signer: listening on "));
    Files.delete(file);
    Files.deleteIfExists(freezes);
    if (blow.freezes()) {
      assertThat(struck.isAlive()).as("it only stands still, %s", blow).isTrue();
      struck.thaw();
      assertThat(struck.waitForEnd()).as("%s", blow).isEqualTo(Replicas.LOST);
      assertThat(struck.said("signer: not active any more: ")).as("%s", blow).isTrue();
    }
    assertThat(asked.get().status()).as("nobody was told that it is done, %s", blow).isNotZero();
    ServiceProcess former = active;
    int formerPort = activePort;
    active = standBy;
    activePort = ports.get(0) == formerPort ? ports.get(1) : ports.get(0);
    former.close();
    standBy = start(formerPort);
  }

  private Path halting(int port) {
    return directory.resolve("halt-" + port);
  }

  private List<Path> segments() {
    Path worker = directory.resolve("shared/worker");
    List<Path> files = new ArrayList<>(List.of(worker.resolve("journal.log")));
    for (int number = 2; Files.exists(worker.resolve("journal-" + number + ".log")); number++) {
      files.add(worker.resolve("journal-" + number + ".log"));
    }
    return files;
  }

  /** Requests of guarded keys for which the journal holds two different signatures. */
  private Set<String> signedTwice() throws Exception {
    Map<Long, String> intents = new HashMap<>();
    Map<String, String> signatures = new HashMap<>();
    Set<String> twice = new HashSet<>();
    for (Path file : segments()) {
      ByteBuffer journal = ByteBuffer.wrap(Files.readAllBytes(file));
      while (journal.remaining() > 8) {
        int length = journal.getInt();
        journal.getInt();
        if (length == 0 || length > journal.remaining()) {
          break;
        }
        byte[] json = new byte[length];
        journal.get(json);
        Fields record = JsonReader.readObject(json, 1 << 16);
        long seq = record.integer("seq", 0, Long.MAX_VALUE);
        if (record.has("toBeSigned")) {
          intents.put(
              seq, record.string("request") + record.string("keyId") + record.string("toBeSigned"));
        } else if (record.has("stored")) {
          String use = String.valueOf(intents.get(seq));
          String other = signatures.putIfAbsent(use, record.string("signature"));
          if (other != null && !other.equals(record.string("signature"))) {
            twice.add(use);
          }
        }
      }
    }
    assertThat(signatures).isNotEmpty();
    return twice;
  }

  /** A signature of ECDSA is another one each time that it is made. */
  @Test
  void equalRequestsAtBothGetOneSignature() throws Exception {
    RegisteredProduct product = RegisteredProduct.at(active, directory);
    product.allowBareDigests(directory.resolve("shared"));
    // With its next change of a rule the worker takes up what was written.
    product
        .engineer()
        .run("keys", "create", "other", "--purpose", "manifest", "--suite", "ed25519")
        .requireDone();
    product.makeBareDigestKey(active);
    Operator elsewhere = Operator.in(directory.resolve("elsewhere"));
    Files.copy(
        product.engineer().directory().resolve("password"),
        elsewhere.directory().resolve("password"));
    elsewhere
        .run(
            "login",
            "--service",
            standBy.address(),
            "--user",
            "engineer",
            "--password-file",
            "password")
        .requireDone();
    ExecutorService people = Executors.newFixedThreadPool(8);
    List<Future<String>> signatures = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      RegisteredProduct through =
          new RegisteredProduct(
              product.administrator(), i % 2 == 0 ? product.engineer() : elsewhere);
      signatures.add(
          people.submit(() -> untilDone("signed", () -> through.signDigest("one")).out()));
    }
    Set<String> different = new HashSet<>();
    for (Future<String> signature : signatures) {
      different.add(signature.get());
    }
    people.shutdown();
    assertThat(different).hasSize(1);
    assertThat(different.iterator().next()).isNotBlank();
  }

  private int guess(int port) throws IOException, InterruptedException {
    return http.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1/sessions"))
                .header("Content-Type", "application/json")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        "{\"user\":\"admin\",\"password\":\"not this one\"}"))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  @Test
  void aLimitIsOneForBoth() throws Exception {
    int guesses = 0;
    while (guess(ports.get(guesses % 2)) == 401) {
      guesses++;
      assertThat(guesses).as("guesses that nothing held up").isLessThan(50);
    }
    assertThat(guess(ports.get(0))).isEqualTo(429);
    assertThat(guess(ports.get(1))).isEqualTo(429);
  }

  @Test
  void whileNobodyIsActiveTheCallerIsToldWhenToAskAgain() throws Exception {
    active.freeze();
    await(
        "the one that stands by has noticed",
        () -> {
          try {
            HttpResponse<String> answer = get(standBy.address() + "/api/v1/products");
            if (answer.statusCode() != 503) {
              return false;
            }
            assertThat(answer.headers().firstValueAsLong("Retry-After")).isPresent();
            assertThat(answer.body()).contains("token-unavailable").contains("stand-by");
            return true;
          } catch (IOException | InterruptedException e) {
            return false;
          }
        });
    assertThat(get(standBy.address() + "/actuator/health").body()).contains("stand-by");
    await("the other one is active", () -> standBy.said("signer: listening on "));
    active.thaw();
    assertThat(active.waitForEnd()).isEqualTo(Replicas.LOST);
    assertThat(get(standBy.address() + "/api/v1/products").statusCode()).isEqualTo(401);
    assertThat(get(standBy.address() + "/actuator/health").body())
        .contains("\"role\":\"active\"")
        .contains("\"lease\":2");
  }

  @Test
  void aCleanStopHandsOverAtOnce() throws Exception {
    active.stop();
    await("the other one is active", () -> standBy.said("signer: listening on "));
    assertThat(Files.exists(directory.resolve("shared/worker/journal-2.log"))).isFalse();
  }
}
