package dev.otasigner.cli.mirror;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.otasigner.cli.CommandFailedException;
import dev.otasigner.cli.tuf.HttpFetcher;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a repository to a mirror, and what a mirror does not take. */
class MirrorTests {
  private static final String HEAD = "stable/gw/head.json";
  private static final String IMAGE = "stable/gw/34.10.0+0.img";
  private static final String LONG = "stable/gw/" + Digest.of(new byte[0]).hex() + ".profile";
  private static final Instant NOW = RepositorySimulator.START;

  @TempDir Path directory;
  private final RepositorySimulator repository = new RepositorySimulator();
  private Path mirror;
  private Path archive;
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    mirror = directory.resolve("mirror");
    archive = directory.resolve("export.tar");
    TestKey key = RepositorySimulator.key("gw");
    repository.delegate(
        "targets",
        List.of(key),
        RepositorySimulator.role("stable.gw", key, "stable/gw/*"),
        RepositorySimulator.role("beta.gw", key, "beta/gw/*"));
    repository.add("stable.gw", HEAD, "one");
    repository.add("stable.gw", IMAGE, new byte[3000]);
    repository.add("stable.gw", LONG, "profile");
    repository.publish();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::serve);
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      Path file = mirror.resolve(exchange.getRequestURI().getPath().substring(1));
      if (!Files.isRegularFile(file)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      byte[] bytes = Files.readAllBytes(file);
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    }
  }

  private byte[] root() {
    return java.util.Objects.requireNonNull(repository.files().get("metadata/1.root.json"));
  }

  private MirrorExport.Written export(OptionalLong since) throws Exception {
    return new MirrorExport(repository).write(root(), since, archive, NOW);
  }

  private MirrorImport.Imported take(Optional<byte[]> root) throws Exception {
    return take(Files.readAllBytes(archive), root);
  }

  private MirrorImport.Imported take(byte[] tar, Optional<byte[]> root) throws Exception {
    try (MirrorDirectory to = MirrorDirectory.open(mirror)) {
      return new MirrorImport(to).read(new ByteArrayInputStream(tar), root, NOW);
    }
  }

  /** The mirror has the first set. */
  private void began() throws Exception {
    export(OptionalLong.empty());
    take(Optional.of(root()));
  }

  /** A device that goes on from what it holds, over HTTP. */
  private String head(FollowedSet.Holdings device) throws Exception {
    if (device.load(Metadata.ROOT).isEmpty()) {
      Updater.trustRoot(device, root(), Digest.of(root()));
    }
    String base = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
    HttpFetcher fetcher =
        new HttpFetcher(base + "metadata/", base + "targets/", TufLimits.COMMON.pace());
    Updater updater = new Updater(device, fetcher, TufLimits.COMMON, LineagePolicy.tufAlone(), NOW);
    updater.refresh();
    for (String path : List.of(IMAGE, LONG)) {
      updater.fetchTarget(path, 10_000);
    }
    return new String(updater.fetchTarget(HEAD, 1000), StandardCharsets.UTF_8);
  }

  private Map<String, byte[]> listing() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    if (Files.isDirectory(mirror)) {
      try (Stream<Path> walk = Files.walk(mirror)) {
        for (Path file :
            walk.filter(f -> Files.isRegularFile(f) && !f.endsWith(".lock")).toList()) {
          files.put(mirror.relativize(file).toString(), Files.readAllBytes(file));
        }
      }
    }
    return files;
  }

  private void change(String head) {
    repository.add("stable.gw", HEAD, head);
    repository.publish();
  }

  @Test
  void deviceIsUpdatedFromTheMirrorOverTheAirGap() throws Exception {
    began();
    FollowedSet.Holdings device = new FollowedSet.Holdings();
    assertThat(head(device)).isEqualTo("one");
    repository.publishRoot();
    change("two");
    export(OptionalLong.empty());
    take(Optional.empty());
    assertThat(head(device)).isEqualTo("two");
    assertThat(head(new FollowedSet.Holdings())).isEqualTo("two");
    assertThat(mirror.resolve("metadata/2.root.json")).exists();
  }

  @Test
  void laterExportHoldsOnlyWhatIsNewSinceTheMirrorsSnapshot() throws Exception {
    export(OptionalLong.empty());
    long since = take(Optional.of(root())).snapshotVersion();
    change("two");
    MirrorExport.Written written = export(OptionalLong.of(since));
    assertThat(written.targets()).isEqualTo(1);
    assertThat(take(Optional.empty()).targets()).isEqualTo(1);
    assertThat(head(new FollowedSet.Holdings())).isEqualTo("two");
  }

  @Test
  void sameSetGivesTheSameBytes() throws Exception {
    export(OptionalLong.empty());
    byte[] first = Files.readAllBytes(archive);
    export(OptionalLong.empty());
    assertThat(archive).hasBinaryContent(first);
  }

  @Test
  void anyTarReadsTheArchive() throws Exception {
    export(OptionalLong.empty());
    Path out = Files.createDirectory(directory.resolve("out"));
    Process tar =
        new ProcessBuilder("tar", "-xf", archive.toString(), "-C", out.toString())
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isZero();
    TargetFile target = TargetFile.of(LONG, "profile".getBytes(StandardCharsets.UTF_8));
    assertThat(out.resolve("targets/" + target.location(true))).hasContent("profile");
    assertThat(out.resolve("metadata/timestamp.json")).exists();
  }

  @Test
  void importedTwiceItIsTheSame() throws Exception {
    began();
    Map<String, byte[]> before = listing();
    assertThat(take(Optional.of(root())).targets()).isEqualTo(3);
    assertThat(listing().keySet()).isEqualTo(before.keySet());
  }

  @Test
  void exportOfWhatTheRootDoesNotVouchForIsRefusedAndLeavesNoFile() throws Exception {
    repository.signedBy("stable.gw", RepositorySimulator.key("thief"));
    change("forged");
    assertThatThrownBy(() -> export(OptionalLong.empty()))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BELOW_THRESHOLD));
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void exportBeginsWithTheFirstRoot() throws Exception {
    repository.publishRoot();
    byte[] second =
        java.util.Objects.requireNonNull(repository.files().get("metadata/2.root.json"));
    assertThatThrownBy(
            () -> new MirrorExport(repository).write(second, OptionalLong.empty(), archive, NOW))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("the root to begin with");
  }

  /** Refused, and the mirror is as it was. */
  private void refused(byte[] tar, Reason reason, String sentence) throws Exception {
    Map<String, byte[]> before = listing();
    assertThatThrownBy(() -> take(tar, Optional.empty()))
        .isInstanceOfSatisfying(
            RejectedException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(sentence);
    Map<String, byte[]> after = listing();
    assertThat(after.keySet()).isEqualTo(before.keySet());
    before.forEach((name, bytes) -> assertThat(after.get(name)).isEqualTo(bytes));
  }

  private interface Rewriting {
    void of(Map<String, byte[]> files);
  }

  /** The archive with other files. */
  private byte[] rewritten(Rewriting rewriting) throws Exception {
    Map<String, byte[]> files = new LinkedHashMap<>();
    TarReader tar = new TarReader(new ByteArrayInputStream(Files.readAllBytes(archive)));
    for (Optional<TarReader.Entry> e = tar.next(); e.isPresent(); e = tar.next()) {
      files.put(e.get().name(), tar.content().readAllBytes());
    }
    rewriting.of(files);
    return tar(files.entrySet());
  }

  private static byte[] tar(Iterable<Map.Entry<String, byte[]>> files) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TarWriter tar = new TarWriter(out);
    for (Map.Entry<String, byte[]> file : files) {
      tar.file(file.getKey(), file.getValue());
    }
    tar.finish();
    return out.toByteArray();
  }

  private static byte[] file(Map<String, byte[]> files, String name) {
    return java.util.Objects.requireNonNull(files.get(name));
  }

  private static String nameOf(Map<String, byte[]> files, String end) {
    return files.keySet().stream().filter(n -> n.endsWith(end)).findFirst().orElseThrow();
  }

  @Test
  void olderTimestampIsRefused() throws Exception {
    export(OptionalLong.empty());
    byte[] old = Files.readAllBytes(archive);
    change("two");
    began();
    refused(old, Reason.METADATA_ROLLED_BACK, "timestamp");
  }

  @Test
  void gapInTheRootsIsRefused() throws Exception {
    began();
    repository.publishRoot();
    repository.publishRoot();
    change("two");
    export(OptionalLong.empty());
    refused(
        rewritten(files -> files.remove("metadata/2.root.json")),
        Reason.METADATA_VERSION_MISMATCH,
        "is a root missing?");
  }

  @Test
  void expiredSetIsRefused() throws Exception {
    export(OptionalLong.empty());
    byte[] tar = Files.readAllBytes(archive);
    try (MirrorDirectory to = MirrorDirectory.open(mirror)) {
      Instant later = NOW.plus(RepositorySimulator.LIFETIME.multipliedBy(2));
      assertThatThrownBy(
              () ->
                  new MirrorImport(to)
                      .read(new ByteArrayInputStream(tar), Optional.of(root()), later))
          .isInstanceOfSatisfying(
              RejectedException.class,
              e -> assertThat(e.reason()).isEqualTo(Reason.METADATA_EXPIRED));
    }
  }

  @Test
  void emptyMirrorMustBeToldWhichRootToTrust() throws Exception {
    export(OptionalLong.empty());
    refused(Files.readAllBytes(archive), Reason.METADATA_MISSING, "--root");
  }

  @Test
  void mirrorThatBeganWithAnotherRootRefusesThisOne() throws Exception {
    began();
    byte[] other = root().clone();
    other[0] = ' ';
    assertThatThrownBy(() -> take(Optional.of(other)))
        .isInstanceOf(RejectedException.class)
        .hasMessageContaining("began with another root");
  }

  private byte[] next() throws Exception {
    began();
    change("two");
    export(OptionalLong.empty());
    return Files.readAllBytes(archive);
  }

  @Test
  void damagedTargetIsRefused() throws Exception {
    next();
    refused(
        rewritten(files -> file(files, nameOf(files, ".img"))[100] ^= 1),
        Reason.TARGET_DIGEST_MISMATCH,
        "img");
  }

  @Test
  void targetOfAnotherLengthIsRefusedBeforeItIsRead() throws Exception {
    next();
    refused(
        rewritten(files -> files.put(nameOf(files, ".img"), new byte[100_000])),
        Reason.TARGET_LENGTH_MISMATCH,
        "img");
  }

  @Test
  void damagedMetadataIsRefused() throws Exception {
    next();
    Consumer<Map<String, byte[]>> damage =
        files -> {
          byte[] role = file(files, nameOf(files, ".beta.gw.json"));
          role[role.length - 20] ^= 1;
        };
    assertThatThrownBy(() -> take(rewritten(damage::accept), Optional.empty()))
        .isInstanceOf(RejectedException.class);
    assertThat(head(new FollowedSet.Holdings())).isEqualTo("one");
  }

  @Test
  void rootThatIsAnotherThanTheMirrorsIsRefused() throws Exception {
    next();
    refused(
        rewritten(files -> file(files, "metadata/1.root.json")[0] = ' '),
        Reason.METADATA_DIGEST_MISMATCH,
        "metadata/1.root.json is another one");
  }

  @Test
  void oversizedMetadataIsRefusedBeforeItIsRead() throws Exception {
    next();
    refused(
        rewritten(files -> files.put("metadata/timestamp.json", new byte[20_000])),
        Reason.LIMIT_EXCEEDED,
        "timestamp");
  }

  @Test
  void missingTargetIsRefused() throws Exception {
    next();
    refused(
        rewritten(files -> files.remove(nameOf(files, ".head.json"))),
        Reason.TARGET_NOT_FOUND,
        "neither in the archive nor in the mirror");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../evil",
        "/etc/evil",
        "targets/../../evil",
        "targets/stable/gw/evil",
        ".lock",
        "evil"
      })
  void fileThatNobodyListsIsRefused(String name) throws Exception {
    next();
    refused(
        rewritten(files -> files.put(name, new byte[1])),
        Reason.TARGET_NOT_FOUND,
        "nobody lists " + name);
  }

  @ParameterizedTest
  @ValueSource(strings = {"metadata/../evil.json", "metadata/x", "metadata/1.a/b.json"})
  void metadataOfAnotherNameIsRefused(String name) throws Exception {
    next();
    byte[] tar =
        rewritten(
            files -> {
              Map<String, byte[]> all = new LinkedHashMap<>(files);
              files.clear();
              files.put(name, new byte[1]);
              files.putAll(all);
            });
    refused(tar, Reason.MALFORMED, "no catalogue's file");
  }

  @Test
  void metadataThatDoesNotBelongToTheSetIsRefused() throws Exception {
    next();
    byte[] tar =
        rewritten(
            files -> {
              Map<String, byte[]> all = new LinkedHashMap<>(files);
              files.clear();
              files.put("metadata/9.evil.json", new byte[1]);
              files.putAll(all);
            });
    refused(tar, Reason.METADATA_VERSION_MISMATCH, "metadata/9.evil.json");
  }

  @Test
  void fileThatComesTwiceIsRefused() throws Exception {
    next();
    List<Map.Entry<String, byte[]>> files = new ArrayList<>();
    rewritten(
        all -> {
          files.addAll(List.copyOf(all.entrySet()));
          files.add(Map.entry(nameOf(all, ".img"), file(all, nameOf(all, ".img"))));
        });
    refused(tar(files), Reason.TARGET_LENGTH_MISMATCH, "img");
  }

  @Test
  void linkIsRefused() throws Exception {
    byte[] tar = next();
    tar[156] = '2';
    refused(resummed(tar), Reason.MALFORMED, "no plain file");
  }

  @Test
  void damagedHeaderIsRefused() throws Exception {
    byte[] tar = next();
    tar[5] ^= 1;
    refused(tar, Reason.MALFORMED, "a damaged header");
  }

  @Test
  void somethingBehindTheEndIsRefused() throws Exception {
    byte[] tar = next();
    byte[] longer = java.util.Arrays.copyOf(tar, tar.length + 1);
    refused(longer, Reason.MALFORMED, "something behind its end");
  }

  private static byte[] resummed(byte[] tar) {
    byte[] header = java.util.Arrays.copyOf(tar, TarWriter.BLOCK);
    String sum = String.format(java.util.Locale.ROOT, "%06o", TarWriter.checksum(header));
    System.arraycopy(sum.getBytes(StandardCharsets.US_ASCII), 0, tar, 148, 6);
    return tar;
  }

  @Test
  void archiveCutShortAnywhereChangesNothing() throws Exception {
    byte[] tar = next();
    for (int end = 0; end < tar.length; end += 300) {
      byte[] cut = java.util.Arrays.copyOf(tar, end);
      assertThatThrownBy(() -> take(cut, Optional.empty()))
          .isInstanceOfAny(IOException.class, RejectedException.class);
    }
    assertThat(head(new FollowedSet.Holdings())).isEqualTo("one");
  }

  @Test
  void killedBeforeAnyFileGotItsNameItIsFinishedByTheSameImport() throws Exception {
    byte[] tar = next();
    FollowedSet.Holdings device = new FollowedSet.Holdings();
    assertThat(head(device)).isEqualTo("one");
    boolean finished = false;
    for (int halt = 0; !finished; halt++) {
      int[] left = {halt};
      Runnable stop =
          () -> {
            if (left[0]-- == 0) {
              throw new IllegalStateException("killed");
            }
          };
      try (MirrorDirectory to = MirrorDirectory.open(mirror, stop)) {
        new MirrorImport(to).read(new ByteArrayInputStream(tar), Optional.empty(), NOW);
        finished = true;
      } catch (IllegalStateException e) {
        assertThat(head(device)).as("killed before %s", halt).isEqualTo("one");
        assertThat(head(new FollowedSet.Holdings())).isEqualTo("one");
      }
    }
    assertThat(head(device)).isEqualTo("two");
  }

  @Test
  void oneImportAtATime() throws Exception {
    try (MirrorDirectory first = MirrorDirectory.open(mirror)) {
      assertThat(first.holdings().roots()).isEmpty();
      assertThatThrownBy(() -> MirrorDirectory.open(mirror))
          .isInstanceOf(CommandFailedException.class)
          .hasMessageContaining("another import is at work");
    }
  }
}
