package dev.otasigner.keys.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.otasigner.keys.SoftHsmDirectory;
import dev.otasigner.keys.soft.Passphrase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * SoftHSM with one token for the whole JVM: a module finds its tokens when it is loaded, and no
 * other one later.
 */
final class SoftHsm {
  static final String PIN = "2580";
  private static final Pattern SLOT = Pattern.compile("reassigned to slot (\\d+)");

  private SoftHsm() {}

  private static Optional<Pkcs11Module> token = Optional.empty();

  /** The token, emptied; the test is skipped where SoftHSM is missing. */
  static synchronized Pkcs11Module emptyToken() throws IOException, InterruptedException {
    if (token.isEmpty()) {
      token = Optional.of(initialized());
    }
    Pkcs11Module module = token.get();
    try (Sessions sessions = module.login(pin())) {
      sessions.change(
          objects -> {
            List<Long> all = objects.find(new Template());
            objects.destroy(all);
            return all;
          });
    } catch (CryptokiException e) {
      throw new IOException(e);
    }
    return module;
  }

  /** Where SoftHSM keeps a token: a directory whose name ends in the serial number. */
  static Path directoryOf(SlotToken token) throws IOException {
    Path tokens = Path.of(String.valueOf(System.getenv("SOFTHSM2_CONF"))).resolveSibling("tokens");
    try (Stream<Path> found = Files.list(tokens)) {
      return found
          .filter(path -> path.toString().replace("-", "").endsWith(token.serial()))
          .findFirst()
          .orElseThrow();
    }
  }

  /** What another program does to the token, while this process is logged in. */
  static TokenObjects objects(Pkcs11Module module) throws CryptokiException {
    Cryptoki cryptoki = JdkCryptoki.load(module.library());
    long session = cryptoki.openSession(module.slotId().orElseThrow(), Ck.CKF_RW_SESSION);
    return new TokenObjects(cryptoki, session);
  }

  private static Pkcs11Module initialized() throws IOException, InterruptedException {
    Path module = SoftHsmDirectory.requireModule();
    configure();
    initialize("twin");
    initialize("twin");
    initialize("lost");
    return new Pkcs11Module(module, OptionalLong.of(initialize("test")));
  }

  private static long initialize(String label) throws IOException, InterruptedException {
    String said = run(SoftHsmDirectory.initialize(label, PIN));
    Matcher slot = SLOT.matcher(said);
    assertThat(slot.find()).as(said).isTrue();
    return Long.parseLong(slot.group(1));
  }

  private static void configure() throws IOException {
    String named = System.getenv("SOFTHSM2_CONF");
    assumeTrue(named != null, "SOFTHSM2_CONF is not set");
    Path configuration = Path.of(String.valueOf(named));
    Path tokens = configuration.resolveSibling("tokens");
    erase(tokens);
    Files.createDirectories(tokens);
    if (!Files.exists(configuration)) {
      Files.writeString(configuration, SoftHsmDirectory.configuration(tokens));
    }
  }

  /** What an earlier run of the tests has left would be found by its label. */
  private static void erase(Path directory) throws IOException {
    if (Files.exists(directory)) {
      List<Path> deepestFirst;
      try (Stream<Path> found = Files.walk(directory)) {
        deepestFirst = found.sorted(Comparator.reverseOrder()).toList();
      }
      for (Path path : deepestFirst) {
        Files.delete(path);
      }
    }
  }

  static Passphrase pin() {
    return Passphrase.ofPrompt(PIN.toCharArray());
  }

  static String run(String... command) throws IOException, InterruptedException {
    return SoftHsmDirectory.run(new ProcessBuilder(command));
  }
}
