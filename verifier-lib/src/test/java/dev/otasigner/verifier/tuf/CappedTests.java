package dev.otasigner.verifier.tuf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.verifier.Reason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.junit.jupiter.api.Test;

/** Fetchers that look at no limit, as one that copies a stream in one call. */
class CappedTests {
  private static final int ENDLESS = 1 << 20;

  /** Answers with a mebibyte, in pieces; goes on when told that it was too much, if so wanted. */
  private record Careless(boolean deaf) implements Fetcher {
    @Override
    public void fetch(String path, long maxBytes, OutputStream to) throws IOException {
      for (int sent = 0; sent < ENDLESS; sent += 100) {
        try {
          to.write(new byte[100]);
        } catch (IOException e) {
          if (!deaf) {
            throw e;
          }
        }
      }
    }
  }

  @Test
  void metadataOverItsLimitIsRefusedThoughTheFetcherDoesNotCount() {
    for (boolean deaf : new boolean[] {false, true}) {
      TestClient.assertRefused(
          Reason.LIMIT_EXCEEDED, () -> new Careless(deaf).fetch("metadata/1.root.json", 1000));
    }
  }

  @Test
  void aTargetOverItsListedLengthIsRefusedThoughTheFetcherDoesNotCount() throws Exception {
    RepositorySimulator repository = new RepositorySimulator();
    TargetFile target = repository.add("targets", "t", "content");
    repository.publish();
    TestClient client = new TestClient(repository);
    client.refresh();
    Fetcher careless =
        (path, maxBytes, to) -> {
          if (path.startsWith(Fetcher.TARGETS)) {
            new Careless(true).fetch(path, maxBytes, to);
          } else {
            repository.fetch(path, maxBytes, to);
          }
        };
    Updater updater =
        new Updater(
            client.store(),
            careless,
            TufLimits.COMMON,
            LineagePolicy.tufAlone(),
            RepositorySimulator.START);
    updater.refresh();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TestClient.assertRefused(Reason.LIMIT_EXCEEDED, () -> updater.downloadTarget(target, out));
    assertThat(out.size()).isLessThanOrEqualTo((int) target.lengthBytes());
  }

  @Test
  void exactlyTheLimitIsTaken() throws Exception {
    Fetcher fetcher = (path, maxBytes, to) -> to.write("content".getBytes(UTF_8));
    assertThat(fetcher.fetch("metadata/x", 7)).isEqualTo("content".getBytes(UTF_8));
  }

  @Test
  void troubleOfTheFetchersOwnIsNoRefusal() {
    Fetcher fetcher =
        (path, maxBytes, to) -> {
          to.write(1);
          throw new IOException("unplugged");
        };
    assertThatThrownBy(() -> fetcher.fetch("metadata/x", 7)).hasMessage("unplugged");
  }
}
