package dev.otasigner.verifier.tuf;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.fuzz.Script;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import dev.otasigner.verifier.testing.TestKey;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Everything that reads TUF metadata, and a client whose repository is the fuzzer's. */
public final class TufFuzz {
  private static final String PATTERNS = "by-pattern";
  private static final String PREFIXES = "by-prefix";
  private static final String BINS = "bins";
  private static final TestKey KEY = TestKey.of(SignatureSuite.ED25519, "tuf-fuzz");
  private static final RepositorySimulator REPOSITORY = repository();
  private static final byte[] FIRST_ROOT = REPOSITORY.latest(Metadata.ROOT);
  private static final String BIN = bins().roleFor("bin/a").name();

  /** The roles whose files the fuzzer may change, with the keys that sign them. */
  private static final List<String> ROLES =
      List.of(
          Metadata.ROOT,
          Metadata.TIMESTAMP,
          Metadata.SNAPSHOT,
          Metadata.TARGETS,
          PATTERNS,
          PREFIXES,
          BINS,
          BIN);

  private static final Map<String, byte[]> FILES = Map.copyOf(REPOSITORY.files());

  private TufFuzz() {}

  private static SuccinctRoles bins() {
    return new SuccinctRoles(RoleKeys.of(1, TufKey.of(KEY.key())), 2, BINS);
  }

  private static RepositorySimulator repository() {
    RepositorySimulator repository = new RepositorySimulator();
    RoleKeys keys = RoleKeys.of(1, TufKey.of(KEY.key()));
    repository.delegate(
        Metadata.TARGETS,
        List.of(KEY),
        RepositorySimulator.role(PATTERNS, KEY, "a/*", "*/b?"),
        new DelegatedRole(PREFIXES, keys, new TrustedPaths.HashPrefixes(List.of("0", "5a")), true),
        RepositorySimulator.role(BINS, KEY, "bin/*"));
    repository.delegate(BINS, List.of(KEY), bins());
    for (long bin = 0; bin < bins().bins(); bin++) {
      repository.list(bins().nameOf(bin), TargetFile.of("bin/x", 1, Digest.of(new byte[1])));
      repository.signedBy(bins().nameOf(bin), KEY);
    }
    repository.add(Metadata.TARGETS, "top", "top");
    repository.add(PATTERNS, "a/b", "pattern");
    repository.add(bins().roleFor("bin/a").name(), "bin/a", "bin");
    repository.publish();
    return repository;
  }

  /** A sound file of each type. */
  public static List<byte[]> documents() {
    return ROLES.stream().map(REPOSITORY::latest).toList();
  }

  /** A metadata file of the role that the script names, changed as it says. */
  public static byte[] edited(Script script) throws RejectedException {
    byte[] sound = REPOSITORY.latest(ROLES.get(script.below(ROLES.size())));
    return script.edit(JsonReader.readObject(sound, sound.length).json()).textBytes();
  }

  /** Reads bytes as each type; what is taken is written and read again as the same. */
  public static void readAsEachType(byte[] bytes) {
    again(bytes, SignedMetadata::root);
    again(bytes, SignedMetadata::timestamp);
    again(bytes, SignedMetadata::snapshot);
    again(bytes, SignedMetadata::targets);
  }

  private interface Read<T extends Metadata> {
    SignedMetadata<T> read(byte[] bytes, int maxBytes) throws RejectedException;
  }

  private static <T extends Metadata> void again(byte[] bytes, Read<T> read) {
    T first;
    try {
      first = read.read(bytes, 256 * 1024).signed();
    } catch (RejectedException e) {
      return;
    }
    byte[] written = SignedMetadata.envelope(first.toJson(), List.of());
    try {
      assertThat(read.read(written, written.length + 1).signed()).isEqualTo(first);
    } catch (RejectedException e) {
      throw new AssertionError("taken, and refused once written again", e);
    }
    if (first instanceof Targets targets) {
      targets.delegations().ifPresent(to -> to.rolesFor("a/b"));
    }
  }

  /** A whole update by a new client: refresh, searches, a download. */
  public static void update(Script script) throws IOException {
    Map<String, byte[]> files = new LinkedHashMap<>(FILES);
    MemoryStore store = new MemoryStore();
    store.store(Metadata.ROOT, FIRST_ROOT);
    try {
      int changes = 1 + script.below(3);
      for (int i = 0; i < changes; i++) {
        change(script, files, store);
      }
      Updater updater =
          new Updater(
              store,
              (path, maxBytes, to) -> {
                byte[] file = files.get(path);
                if (file == null) {
                  throw new NotFoundException(path);
                }
                try (InputStream in = new ByteArrayInputStream(file)) {
                  Fetcher.copy(in, maxBytes, to);
                }
              },
              TufLimits.COMMON.withRoots(4).withRoles(6),
              LineagePolicy.tufAlone(),
              RepositorySimulator.START);
      updater.refresh();
      for (String path : List.of("top", "a/b", "bin/a", script.text())) {
        download(updater, path);
      }
    } catch (RejectedException | NotFoundException e) {
      // A refusal is an answer.
    }
  }

  private static void download(Updater updater, String path) throws IOException {
    try {
      Optional<TargetFile> found = updater.find(path);
      if (found.isPresent()) {
        updater.fetchTarget(found.get(), 64);
      }
    } catch (RejectedException | NotFoundException e) {
      // A refusal is an answer.
    }
  }

  /** Puts another file in a role's place, with the signature that it needs or as it comes. */
  private static void change(Script script, Map<String, byte[]> files, MemoryStore store)
      throws RejectedException {
    String role = ROLES.get(script.below(ROLES.size()));
    byte[] bytes = file(script, role);
    if (script.below(4) == 0) {
      store.store(role, bytes);
    } else {
      files.put(Fetcher.METADATA + name(role), bytes);
    }
  }

  private static byte[] file(Script script, String role) throws RejectedException {
    if (script.below(16) == 0) {
      return script.take(255);
    }
    Json.Obj signed = Tampering.signed(REPOSITORY, role);
    if (role.equals(Metadata.ROOT)) {
      signed = Tampering.with(signed, "version", before -> new Json.Num(2));
    }
    return RepositorySimulator.sign(script.edit(signed), key(role));
  }

  private static TestKey key(String role) {
    return Metadata.TOP_LEVEL.contains(role) ? RepositorySimulator.key(role) : KEY;
  }

  private static String name(String role) {
    return switch (role) {
      case Metadata.ROOT -> "2.root.json";
      case Metadata.TIMESTAMP -> RoleFiles.unversioned(role);
      default -> RoleFiles.versioned(REPOSITORY.version(role), role);
    };
  }

  /** A pattern covers what a plain recursive reading of TUF 4.5 says it covers. */
  public static void matchAsWritten(Script script) {
    String pattern = new String(script.take(10), StandardCharsets.ISO_8859_1);
    String path = new String(script.take(10), StandardCharsets.ISO_8859_1);
    assertThat(TrustedPaths.matching(pattern).covers(path))
        .as("'%s' covers '%s'", pattern, path)
        .isEqualTo(covers(pattern, 0, path, 0));
    String file = RoleFiles.unversioned(path);
    assertThat(file).as("the file of role '%s'", path).doesNotContain("/", "\\", "\u0000");
  }

  private static boolean covers(String pattern, int p, String path, int s) {
    if (p == pattern.length()) {
      return s == path.length();
    }
    char wanted = pattern.charAt(p);
    boolean more = s < path.length();
    if (wanted == '*') {
      return covers(pattern, p + 1, path, s)
          || more && path.charAt(s) != '/' && covers(pattern, p, path, s + 1);
    }
    boolean same = more && (wanted == path.charAt(s) || wanted == '?' && path.charAt(s) != '/');
    return same && covers(pattern, p + 1, path, s + 1);
  }
}
