package dev.otasigner.benchmarks;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.keys.soft.Argon2Cost;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.keys.soft.SoftwareToken;
import dev.otasigner.keys.worker.RemoteWorker;
import dev.otasigner.keys.worker.TokenWorker;
import dev.otasigner.keys.worker.Worker;
import dev.otasigner.keys.worker.WorkerLaunch;
import dev.otasigner.keys.worker.WorkerPatience;
import dev.otasigner.keys.worker.WorkerRequest;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.Manifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Signatures of a manifest: by the bare provider, and through the worker, with a durable intent, a
 * durable outcome and the signature verified. Each request is another one, so that none is answered
 * from the journal.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 6, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@SuppressWarnings("NullAway.Init")
public class KeyBenchmark {
  @Param({"SOFTWARE", "PKCS11"})
  public Place place = Place.SOFTWARE;

  @Param({"RSA_PKCS1_3072_SHA256", "ECDSA_P256_SHA256", "ED25519", "ML_DSA_65"})
  public SignatureSuite suite = SignatureSuite.ED25519;

  static final int IN_ONE_CALL = 16;

  /** Where the key lies. */
  public enum Place {
    /** Sealed in a directory; the worker is in this process. */
    SOFTWARE,
    /** On SoftHSM, behind a worker's process. */
    PKCS11
  }

  /** What is measured together. */
  record Row(Place place, SignatureSuite suite) {
    Map<String, String> parameters() {
      return Map.of("place", place.name(), "suite", suite.name());
    }

    @Override
    public String toString() {
      String who = BareKey.corretto().isPresent() ? ", software, Corretto" : ", software";
      return suite.code() + (place == Place.PKCS11 ? ", SoftHSM" : who);
    }
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    if (BareKey.corretto().isPresent()) {
      return List.of(new Row(Place.SOFTWARE, SignatureSuite.RSA_PKCS1_3072_SHA256));
    }
    for (SignatureSuite suite :
        List.of(
            SignatureSuite.RSA_PKCS1_3072_SHA256,
            SignatureSuite.ECDSA_P256_SHA256,
            SignatureSuite.ED25519,
            SignatureSuite.ML_DSA_65)) {
      rows.add(new Row(Place.SOFTWARE, suite));
    }
    if (BenchHsm.isThere()) {
      rows.add(new Row(Place.PKCS11, SignatureSuite.RSA_PKCS1_3072_SHA256));
      rows.add(new Row(Place.PKCS11, SignatureSuite.ECDSA_P256_SHA256));
    }
    return rows;
  }

  private final AtomicLong number = new AtomicLong();
  private BareKey bare;
  private Worker worker;
  private TokenKey key;
  private byte[] signed;
  private byte[] signature;

  @Setup
  public void makeKeys() throws Exception {
    Path directory = Files.createTempDirectory("worker");
    if (place == Place.SOFTWARE) {
      bare = BareKey.ofSameProvider(suite);
      SoftwareToken token;
      try (Passphrase passphrase = Passphrase.ofPrompt("benchmark".toCharArray())) {
        token =
            SoftwareToken.create(
                directory.resolve("token"), passphrase, new Argon2Cost(8 * 1024, 1, 1));
      }
      worker = TokenWorker.open(directory, token, Clock.systemUTC());
    } else {
      BenchHsm hsm = BenchHsm.named(directory);
      bare = BareKey.ofModule(hsm, suite);
      worker =
          RemoteWorker.start(
              WorkerLaunch.onThisJvm(directory, Set.of()), WorkerPatience.USUAL, said -> {});
    }
    key = worker.create(new KeySpec("bench", suite, KeyPurpose.MANIFEST));
    signed = message(0);
    signature = sign(signed).toByteArray();
  }

  @TearDown
  public void close() throws Exception {
    worker.close();
  }

  /** A manifest of the usual size. */
  private static byte[] message(long number) {
    byte[] manifest =
        Json.object()
            .put("schema", 1)
            .put("number", number)
            .put("text", "x".repeat(1000))
            .build()
            .canonicalBytes();
    return Envelope.toBeSigned(Manifest.PAYLOAD_TYPE, Bytes.copyOf(manifest));
  }

  @Benchmark
  public byte[] bare() throws Exception {
    return bare.sign(message(number.incrementAndGet()));
  }

  @Benchmark
  public Bytes throughWorker() {
    return sign(message(number.incrementAndGet()));
  }

  /** Several signatures of one call share an intent's and an outcome's way to the disk. */
  @Benchmark
  @OperationsPerInvocation(IN_ONE_CALL)
  public List<Bytes> inOneCall() {
    List<WorkerRequest> requests = new ArrayList<>();
    for (int i = 0; i < IN_ONE_CALL; i++) {
      requests.add(request(message(number.incrementAndGet())));
    }
    return worker.sign(requests);
  }

  private Bytes sign(byte[] message) {
    return worker.sign(request(message));
  }

  private WorkerRequest request(byte[] message) {
    return WorkerRequest.unattended(Digest.of(message), key.keyId(), SigningInput.message(message));
  }

  /** What of {@link #throughWorker} is the verifier's. */
  @Benchmark
  public void verify() throws RejectedException {
    key.publicKey().verify(signed, signature);
  }
}
