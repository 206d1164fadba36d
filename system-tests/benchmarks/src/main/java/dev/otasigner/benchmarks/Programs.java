package dev.otasigner.benchmarks;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.mcuboot.McubootImage;
import dev.otasigner.verifier.mcuboot.Tlv;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** {@code signer verify} as a whole process, beside openssl and Python doing the same. */
final class Programs {
  private static final int MIB = 1024 * 1024;
  private static final int RSA_2048_PSS_TLV = 0x20;
  private static final int TLV_HEADER_BYTES = 4;

  private final Path launcher;
  private final Path desk;
  private final Map<String, String> environment;

  private Programs(Path launcher, Path desk, Map<String, String> environment) {
    this.launcher = launcher;
    this.desk = desk;
    this.environment = environment;
  }

  /**
   * Prints one table.
   *
   * @param jdk the Java home to run with
   */
  static void measure(Path launcher, String jdk, PrintStream out)
      throws IOException, RejectedException {
    Path desk = Files.createTempDirectory("benchmark-");
    try {
      new Programs(launcher, desk, Map.of("JAVA_HOME", jdk)).measure(out, jdk);
    } finally {
      try (Stream<Path> files = Files.walk(desk)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private void measure(PrintStream out, String jdk) throws IOException, RejectedException {
    signer("keygen", "--type", "rsa-2048", "-o", file("key.pem"));
    out.println("\n`signer verify` with " + jdk + ":\n");
    out.println("| image | signer | yardstick | ratio | goal | peak memory of signer |");
    out.println("|---|---|---|---|---|---|");
    String large = image("large", 1024);
    List<String> openssl = List.of("openssl", "dgst", "-sha256", large);
    out.println(
        Yardstick.inTurns(7, verify(large), openssl, environment)
            .row("1 GiB, RSA-2048, beside `openssl dgst -sha256`", "1.5; 100 MB"));
    Files.delete(Path.of(large));
    String small = image("small", 1);
    out.println(
        Yardstick.inTurns(31, verify(small), python(small), environment)
            .row("1 MiB, RSA-2048, beside python3 with cryptography", "3.0 on 17, 2.5 on 25"));
  }

  private List<String> verify(String image) {
    return List.of(
        launcher.toString(),
        "verify",
        image,
        "--trust",
        file("key.pub.pem"),
        "--stored-counter",
        "1");
  }

  private String image(String name, int mebibytes) throws IOException {
    Path payload = desk.resolve(name);
    byte[] block = new byte[MIB];
    new Random(1).nextBytes(block);
    try (OutputStream to = Files.newOutputStream(payload)) {
      for (int i = 0; i < mebibytes; i++) {
        to.write(block);
      }
    }
    signer(
        "sign",
        payload.toString(),
        "--key",
        file("key.pem"),
        "--version",
        "1.0",
        "--security-counter",
        "1",
        "--pad-header",
        "-o",
        file(name + ".img"));
    Files.delete(payload);
    return file(name + ".img");
  }

  /** The same bytes hashed and the same signature checked, which is less than a judgement. */
  private List<String> python(String image) throws IOException, RejectedException {
    McubootImage read = McubootImage.read(ByteSource.of(Path.of(image)));
    Tlv signature = read.ofType(RSA_2048_PSS_TLV).get(0);
    Path script = desk.resolve("check.py");
    Files.writeString(
        script,
        """
        import sys
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding
        image, key, end, at, length = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])
        data = open(image, "rb").read()
        public = serialization.load_pem_public_key(open(key, "rb").read())
        pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
        public.verify(data[at:at + length], data[:end], pss, hashes.SHA256())
        """);
    Path debian = Path.of("/usr/bin/python3");
    return List.of(
        Files.isExecutable(debian) ? debian.toString() : "python3",
        script.toString(),
        image,
        file("key.pub.pem"),
        Long.toString(read.signedBytes()),
        Long.toString(signature.offset() + TLV_HEADER_BYTES),
        Integer.toString(signature.value().toByteArray().length));
  }

  private void signer(String... arguments) throws IOException {
    List<String> command =
        Stream.concat(Stream.of(launcher.toString()), Stream.of(arguments)).toList();
    Yardstick.run(command, environment);
  }

  private String file(String name) {
    return desk.resolve(name).toString();
  }
}
