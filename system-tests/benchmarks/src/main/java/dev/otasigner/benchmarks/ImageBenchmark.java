package dev.otasigner.benchmarks;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.BootedImage;
import dev.otasigner.verifier.mcuboot.TrustCheck;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole image judged from a file in the page cache: structure, hash, signature. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ImageBenchmark {
  /** Of the payload. */
  static final int BYTES = 16 * 1024 * 1024;

  @Param({
    "RSA_2048",
    "RSA_3072",
    "ECDSA_P256",
    "ECDSA_P384",
    "ED25519",
    "ED25519_SHA512",
    "ED25519_PURE"
  })
  public ImageKind kind = ImageKind.RSA_2048;

  private Path file = Path.of("");
  private ByteSource image = ByteSource.of(new byte[0]);
  private TestKey key = TestKey.of(ImageKind.RSA_2048.suite());

  @Setup
  public void assemble() throws IOException {
    key = TestKey.of(kind.suite());
    byte[] payload = new byte[BYTES];
    new Random(1).nextBytes(payload);
    AssembleOptions.Builder options =
        AssembleOptions.of(new ImageVersion(1, 0, 0, 0)).padHeader().securityCounter(1);
    kind.apply(options);
    file = Files.createTempFile("image", ".img");
    Files.write(file, TestBuild.assemble(ByteSource.of(payload), options.build(), List.of(key)));
    image = ByteSource.of(file);
  }

  @TearDown
  public void delete() throws IOException {
    Files.delete(file);
  }

  @Benchmark
  public BootedImage judge() throws IOException, RejectedException {
    return TrustCheck.judge(image, List.of(key.key()), TrustCheck.Demand.ALL, OptionalLong.of(1));
  }
}
