package dev.otasigner.service.problem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.ServiceDirectories;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StorageRoomTests {
  @TempDir Path directory;

  private StorageRoom room() {
    return new StorageRoom(new ServiceDirectories(directory));
  }

  @Test
  void whatTheSystemSaysOfAFullDiskIsRecognisedHoweverDeepItLies() {
    IOException full = new IOException("No space left on device");
    assertThat(room().isWhy(new IllegalStateException(new UncheckedIOException(full)))).isTrue();
    assertThat(room().isWhy(new IOException("Disk quota exceeded"))).isTrue();
  }

  @Test
  void otherTroubleIsNotTakenForAFullDisk() {
    assertThat(room().isWhy(new IOException("Input/output error"))).isFalse();
    assertThat(room().isWhy(new IllegalStateException("gone"))).isFalse();
  }

  @Test
  void thereIsNoRoomForAPayloadThatWouldTakeTheReserve() throws Exception {
    long usable = java.nio.file.Files.getFileStore(directory).getUsableSpace();
    room().require(1);
    assertThatThrownBy(() -> room().require(usable))
        .isInstanceOf(SignerException.class)
        .hasMessageContaining(directory.toString());
  }
}
