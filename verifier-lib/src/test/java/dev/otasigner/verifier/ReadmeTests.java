package dev.otasigner.verifier;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import dev.otasigner.verifier.testing.TestKey;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lines in this module's README are compiled and run as they stand there. */
class ReadmeTests {
  private static final Pattern BLOCK = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
  private static final TestKey KEY = TestKey.of(SignatureSuite.ECDSA_P256_SHA256);

  @TempDir Path folder;

  private record Signer(TestKey secret) implements ImageSigner {
    @Override
    public VerificationKey key() {
      return secret.key();
    }

    @Override
    public byte[] sign(SigningInput input) {
      return secret.sign(input);
    }
  }

  @Test
  void theSnippetVerifiesASoundImageAndRefusesATamperedOne() throws Exception {
    Path image = folder.resolve("firmware.signed.bin");
    Files.write(folder.resolve("signer.pub.der"), KEY.key().spki().toByteArray());
    McubootAssembler.assemble(
        ByteSource.of(new byte[10_000]),
        AssembleOptions.of(new ImageVersion(34, 12, 0, 0)).padHeader().securityCounter(5).build(),
        List.of(new Signer(KEY)),
        image);
    assertThat(run(snippet()))
        .isEqualTo("boots: 34.12.0+0, signed by " + KEY.key() + System.lineSeparator());

    byte[] tampered = Files.readAllBytes(image);
    tampered[5000] ^= 1;
    Files.write(image, tampered);
    assertThat(run(snippet())).startsWith("refused: image-hash: ");
  }

  @Test
  void theSnippetIsNoLongerThanTenLines() throws Exception {
    assertThat(snippet().lines()).hasSizeLessThanOrEqualTo(10);
  }

  private static String snippet() throws Exception {
    Matcher block = BLOCK.matcher(Files.readString(Path.of("README.md"), UTF_8));
    assertThat(block.find()).isTrue();
    return block.group(1);
  }

  private String run(String lines) throws Exception {
    Path source = folder.resolve("Snippet.java");
    Files.writeString(
        source,
        String.format(
            Locale.ROOT,
            """
        import dev.otasigner.verifier.*;
        import dev.otasigner.verifier.crypto.*;
        import dev.otasigner.verifier.mcuboot.*;
        import java.nio.file.*;
        import java.util.*;

        public class Snippet {
          public static void run(Path folder, java.io.PrintWriter out) throws Exception {
        %s
          }
        }
        """,
            lines),
        UTF_8);
    URL library = Reason.class.getProtectionDomain().getCodeSource().getLocation();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    int compiled =
        compiler.run(
            null,
            null,
            null,
            "-proc:none",
            "-d",
            folder.toString(),
            "-cp",
            Path.of(library.toURI()).toString(),
            source.toString());
    assertThat(compiled).isZero();
    StringWriter text = new StringWriter();
    try (URLClassLoader loader =
            new URLClassLoader(
                new URL[] {folder.toUri().toURL()}, ReadmeTests.class.getClassLoader());
        PrintWriter out = new PrintWriter(text)) {
      loader
          .loadClass("Snippet")
          .getMethod("run", Path.class, PrintWriter.class)
          .invoke(null, folder, out);
    }
    return text.toString();
  }
}
