package dev.otasigner.service.keyring;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.SoftHsmDirectory;
import dev.otasigner.keys.worker.WorkerLaunch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.test.context.DynamicPropertyRegistry;

/**
 * A SoftHSM token for a service, and its worker's directory.
 *
 * @param installed the token, where SoftHSM is there
 * @param worker the worker's directory
 */
record SoftHsmToken(Optional<SoftHsmDirectory> installed, Path worker) {

  /**
   * A fresh token whose worker has Alice for an approver; without SoftHSM nothing is made.
   *
   * @param approved purposes whose keys ask for one approval each time
   */
  static SoftHsmToken register(
      DynamicPropertyRegistry registry, Path root, Set<KeyPurpose> approved)
      throws IOException, InterruptedException {
    Path worker = root.resolve("hsm-worker");
    if (!SoftHsmDirectory.isInstalled()) {
      return new SoftHsmToken(Optional.empty(), worker);
    }
    SoftHsmDirectory token = SoftHsmDirectory.in(Files.createDirectories(root.resolve("hsm")));
    ApprovingWorker.configure(worker, approved, "'token':'" + token.uriWithPin() + "',");
    registry.add("signer.hsm.directory", worker::toString);
    registry.add("signer.worker.command", () -> command(token, worker));
    return new SoftHsmToken(Optional.of(token), worker);
  }

  /** The service's own, but for the environment; the service adds the directory itself. */
  private static String command(SoftHsmDirectory token, Path worker) {
    List<String> words = new ArrayList<>(List.of("env", "SOFTHSM2_CONF=" + token.configuration()));
    words.addAll(WorkerLaunch.onThisJvm(worker, Set.of()).command());
    words.remove(words.size() - 1);
    return String.join(" ", words);
  }

  SoftHsmDirectory token() {
    return installed.orElseThrow();
  }
}
