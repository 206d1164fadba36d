package dev.otasigner.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What this JDK signs and judges, every other JDK of this machine judges alike. */
class OtherJdkIT {
  private static final Path JDKS = Path.of("/usr/lib/jvm");
  private static final List<String> TYPES =
      List.of("rsa-2048", "rsa-3072", "ecdsa-p256", "ed25519");
  private static final int OLDEST = 17;
  private static final int TIMEOUT_SECONDS = 60;

  @TempDir Path directory = Path.of("");

  private record Outcome(int status, String said) {}

  @Test
  void otherJdksAcceptAndRefuseTheSame() throws Exception {
    Set<Path> others = others();
    assumeFalse(others.isEmpty(), "no other JDK from " + OLDEST + " on in " + JDKS);
    Path programs = Files.createDirectory(directory.resolve("programs"));
    Programs.layOut(programs);
    Operator operator = Operator.in(directory.resolve("desk"));
    Files.write(operator.directory().resolve("payload"), new byte[100_000]);
    for (String type : TYPES) {
      operator.run("keygen", "--type", type, "-o", type + ".pem").requireDone();
      sign(operator, type, type + ".img").requireDone();
      byte[] image = Files.readAllBytes(operator.directory().resolve(type + ".img"));
      image[image.length / 2] ^= 1;
      Files.write(operator.directory().resolve(type + ".bad"), image);
    }
    for (Path jdk : others) {
      for (String type : TYPES) {
        Outcome good = verify(jdk, programs, operator, type + ".img", type);
        assertThat(good.status()).as(jdk + " " + type + good.said()).isZero();
        Outcome bad = verify(jdk, programs, operator, type + ".bad", type);
        assertThat(bad.status()).as(jdk + " " + type + bad.said()).isEqualTo(1);
        assertThat(bad.said()).contains("(image-hash)");
      }
    }
  }

  private static Operator.Answer sign(Operator operator, String key, String image) {
    return operator.run(
        "sign",
        "payload",
        "--key",
        key + ".pem",
        "--version",
        "1.2",
        "--security-counter",
        "1",
        "--pad-header",
        "-o",
        image);
  }

  private static Outcome verify(
      Path jdk, Path programs, Operator operator, String image, String key) throws Exception {
    Process process =
        new ProcessBuilder(
                jdk.resolve("bin/java").toString(),
                "-jar",
                programs.resolve("signer-cli.jar").toString(),
                "verify",
                image,
                "--trust",
                key + ".pub.pem")
            .directory(operator.directory().toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return new Outcome(process.exitValue(), said);
  }

  /** By the version that each tells in its release file. */
  private static Set<Path> others() throws IOException {
    Set<Path> found = new LinkedHashSet<>();
    if (!Files.isDirectory(JDKS)) {
      return found;
    }
    Path own = Path.of(System.getProperty("java.home")).toRealPath();
    try (Stream<Path> folders = Files.list(JDKS)) {
      for (Path folder : folders.filter(f -> Files.isReadable(f.resolve("release"))).toList()) {
        Path jdk = folder.toRealPath();
        if (!jdk.equals(own) && major(Files.readString(jdk.resolve("release"))) >= OLDEST) {
          found.add(jdk);
        }
      }
    }
    return found;
  }

  private static int major(String release) {
    return release
        .lines()
        .filter(line -> line.startsWith("JAVA_VERSION="))
        .map(line -> line.replaceAll("[^0-9.]", "").split("\\.", -1)[0])
        .mapToInt(Integer::parseInt)
        .findFirst()
        .orElse(0);
  }
}
