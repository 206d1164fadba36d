package dev.otasigner.service.signing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Digest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PayloadStoreTests {
  @TempDir Path directory;

  @Test
  void aFileIsFoundByItsDigest() throws Exception {
    PayloadStore store = new PayloadStore(directory, 1000);
    PayloadStore.Stored stored = store.store(new byte[] {1, 2, 3});

    assertThat(stored.sha256()).isEqualTo(Digest.of(new byte[] {1, 2, 3}));
    assertThat(stored.lengthBytes()).isEqualTo(3);
    assertThat(store.find(stored.sha256())).get().satisfies(p -> assertThat(p).hasSize(3));
    assertThat(new PayloadStore(directory, 1000).read(stored.sha256())).containsExactly(1, 2, 3);
  }

  @Test
  void storingTheSameBytesTwiceKeepsOneFile() throws Exception {
    PayloadStore store = new PayloadStore(directory, 1000);
    assertThat(store.store(new byte[10])).isEqualTo(store.store(new byte[10]));
    assertThat(files()).hasSize(1);
  }

  @Test
  void aPayloadOfExactlyTheLimitIsTaken() throws Exception {
    assertThat(new PayloadStore(directory, 10).store(new byte[10]).lengthBytes()).isEqualTo(10);
  }

  @Test
  void aPayloadOverTheLimitLeavesNothingBehind() throws Exception {
    PayloadStore store = new PayloadStore(directory, 10);
    assertThatThrownBy(() -> store.store(new byte[11]))
        .isInstanceOf(PayloadStore.TooLargeException.class);
    assertThat(files()).isEmpty();
  }

  @Test
  void anUploadThatBreaksOffLeavesNothingBehind() throws Exception {
    PayloadStore store = new PayloadStore(directory, 1000);
    InputStream broken =
        new InputStream() {
          private boolean begun;

          @Override
          public int read() {
            throw new UnsupportedOperationException();
          }

          @Override
          public int read(byte[] into, int at, int length) throws IOException {
            if (begun) {
              throw new IOException("connection reset");
            }
            begun = true;
            return 5;
          }
        };
    assertThatThrownBy(() -> store.store(broken)).hasMessage("connection reset");
    assertThat(files()).isEmpty();
  }

  @Test
  void whatAKilledUploadHasLeftIsRemovedAtStart() throws Exception {
    new PayloadStore(directory, 1000);
    Files.write(directory.resolve("incoming").resolve("x.part"), new byte[7]);
    new PayloadStore(directory, 1000);
    assertThat(files()).isEmpty();
  }

  @Test
  void aFileChangedOnDiskIsNotRead() throws Exception {
    PayloadStore store = new PayloadStore(directory, 1000);
    Digest digest = store.store(new ByteArrayInputStream(new byte[] {1})).sha256();
    Files.write(store.find(digest).orElseThrow(), new byte[] {2});
    assertThatThrownBy(() -> store.read(digest)).hasMessageContaining("damaged");
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      return walk.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void whatTheServiceItselfMakesIsNoLargerThanTheLimitEither() throws Exception {
    PayloadStore store = new PayloadStore(directory, 10);
    PayloadStore.Content content =
        out -> {
          out.write(new byte[6]);
          out.write(new byte[5]);
        };
    assertThatThrownBy(() -> store.store(content))
        .isInstanceOf(PayloadStore.TooLargeException.class);
    assertThat(directory.resolve("incoming")).isEmptyDirectory();
  }
}
