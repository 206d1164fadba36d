package dev.otasigner.service.rotation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.otasigner.service.Admin;
import dev.otasigner.service.OnBothDatabases;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.verifier.Digest;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.dao.DuplicateKeyException;

/** Of one old key and product one rotation is open, whoever asks at the same moment. */
@OnBothDatabases
@ServiceTest
class KeyRotationStoreTests {
  private static final Digest OLD = new Digest("1".repeat(64));
  private static final Digest NEW = new Digest("2".repeat(64));
  private static final Instant NOW = Instant.parse("2026-11-23T08:00:00.125Z");

  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;
  @Autowired private KeyRotationStore store;

  private String product = "";
  private static int count;

  @BeforeEach
  void aProduct() {
    product = "rst" + ++count;
    Admin.withEveryRole(port, printed.password())
        .post("/api/v1/products", "{'name':'" + product + "'}")
        .expect(201);
  }

  @Test
  void aSecondOneOfTheSameKeyIsRefusedByTheDatabase() {
    store.add(product, OLD, NEW, "user:a", NOW);
    assertThatThrownBy(() -> store.add(product, OLD, NEW, "user:b", NOW))
        .isInstanceOf(DuplicateKeyException.class);
    KeyRotation open = store.open(product, OLD).orElseThrow();
    assertThat(open.startedBy()).isEqualTo("user:a");
    assertThat(open.started()).isEqualTo(NOW);
    assertThat(store.find(product, open.id())).contains(open);
    assertThat(store.find("another", open.id())).isEmpty();
  }

  @Test
  void oneThatWasGivenUpMakesRoomAndIsGivenUpOnce() {
    KeyRotation.Aborted aborted = new KeyRotation.Aborted("user:c", NOW.plusSeconds(1), "why");
    for (int time = 0; time < 2; time++) {
      store.add(product, OLD, NEW, "user:a", NOW);
      KeyRotation open = store.open(product, OLD).orElseThrow();
      assertThat(store.abort(open, aborted)).isTrue();
      assertThat(store.abort(open, aborted)).isFalse();
      assertThat(store.open(product, OLD)).isEmpty();
      assertThat(store.find(product, open.id()).orElseThrow().aborted()).contains(aborted);
    }
    store.add(product, OLD, NEW, "user:a", NOW);
    List<KeyRotation> all = store.newest(product, Long.MAX_VALUE, 2);
    assertThat(all).hasSize(2);
    assertThat(all.get(0)).isEqualTo(store.open(product, OLD).orElseThrow());
    assertThat(store.newest(product, all.get(1).id(), 9)).hasSize(2);
  }
}
