package dev.otasigner.verifier.tuf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FileMetadataStoreTests {
  @TempDir private Path directory;

  /** As the file systems of memory cards and of some desktops do. */
  private static final class WithoutCase implements StoreDisk {
    private static Path lower(Path file) {
      return file.resolveSibling(file.getFileName().toString().toLowerCase(Locale.ROOT));
    }

    @Override
    public Optional<byte[]> read(Path file, int maxBytes) throws IOException {
      return FILES.read(lower(file), maxBytes);
    }

    @Override
    public void write(Path file, byte[] bytes) throws IOException {
      FILES.write(lower(file), bytes);
    }

    @Override
    public void force(Path file) throws IOException {
      FILES.force(lower(file));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      FILES.rename(lower(from), lower(to));
    }

    @Override
    public boolean delete(Path file) throws IOException {
      return FILES.delete(lower(file));
    }

    @Override
    public void forceDirectory(Path folder) throws IOException {
      FILES.forceDirectory(folder);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ROOT", "Root", "rooT", "TimeStamp", "SNAPSHOT", "Targets"})
  void aDelegatedRoleNeverOverwritesATopLevelOneWhereCaseDoesNotCount(String role)
      throws Exception {
    FileMetadataStore store = new FileMetadataStore(directory, TufLimits.COMMON, new WithoutCase());
    String topLevel = role.toLowerCase(Locale.ROOT);
    store.store(topLevel, "the one".getBytes(UTF_8));
    store.store(role, "another".getBytes(UTF_8));
    assertThat(store.load(topLevel)).hasValue("the one".getBytes(UTF_8));
    assertThat(store.load(role)).hasValue("another".getBytes(UTF_8));
    store.delete(role);
    assertThat(store.load(topLevel)).isPresent();
  }

  @Test
  void theLargestLimitIsOne() throws Exception {
    TufLimits unlimited = TufLimits.COMMON.withTargetsBytes(Integer.MAX_VALUE);
    FileMetadataStore store = new FileMetadataStore(directory, unlimited);
    store.store("targets", "{}".getBytes(UTF_8));
    assertThat(store.load("targets")).hasValue("{}".getBytes(UTF_8));
  }
}
