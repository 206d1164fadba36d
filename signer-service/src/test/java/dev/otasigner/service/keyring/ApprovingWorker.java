package dev.otasigner.service.keyring;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.testing.TestKey;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** A worker whose own file says that Alice approves. */
final class ApprovingWorker {
  static final TestKey ALICE = TestKey.of(SignatureSuite.ED25519, "alice");

  private ApprovingWorker() {}

  /**
   * Writes the file before the service starts.
   *
   * @param approved purposes whose keys ask for one approval each time; the others sign unattended
   * @param more members besides, each with a comma behind it
   */
  static void configure(Path worker, Set<KeyPurpose> approved, String more) {
    List<String> defaults = new ArrayList<>();
    for (KeyPurpose purpose : KeyPurpose.values()) {
      if (purpose != KeyPurpose.APPROVAL) {
        defaults.add(
            String.format(
                Locale.ROOT,
                "{'purpose':'%s','minApprovals':%d}",
                purpose.code(),
                approved.contains(purpose) ? 1 : 0));
      }
    }
    String json =
        "{'schema':1,"
            + more
            + "'approvers':[{'person':'alice','spki':'"
            + ALICE.key().spki().base64()
            + "'}],'rules':[],'defaults':["
            + String.join(",", defaults)
            + "]}";
    try {
      DurableFile.createDirectories(worker);
      DurableFile.replace(
          worker.resolve("worker.json"), json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
