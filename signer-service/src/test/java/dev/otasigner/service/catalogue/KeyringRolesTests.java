package dev.otasigner.service.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.keyring.KeySignatures;
import dev.otasigner.service.keyring.Keyring;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.tuf.Metadata;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

@ServiceTest
class KeyringRolesTests {
  private static final int THREADS = 4;
  private static final int ROLES = 8;

  @Autowired private Keyring keyring;
  @Autowired private KeySignatures signatures;
  @Autowired private JdbcClient jdbc;

  /** A duty and a request may both be the first to need a role's key. */
  @Test
  void whoeverNeedsAKeyFirstMakesItForTheOthers() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      for (int i = 0; i < ROLES; i++) {
        LineageKey lineage = new LineageKey("first-need", "l" + i);
        CyclicBarrier together = new CyclicBarrier(THREADS);
        List<Future<List<VerificationKey>>> asked = new ArrayList<>();
        for (int t = 0; t < THREADS; t++) {
          asked.add(
              pool.submit(
                  () -> {
                    together.await();
                    return new KeyringRoles(keyring, signatures, lineage, false, jdbc)
                        .keysOf(Metadata.SNAPSHOT);
                  }));
        }
        Set<List<VerificationKey>> keys = new HashSet<>();
        for (Future<List<VerificationKey>> answer : asked) {
          keys.add(answer.get());
        }
        assertThat(keys).hasSize(1);
      }
    } finally {
      pool.shutdownNow();
    }
  }
}
