package dev.otasigner.keys.worker;

import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.SoftHsmDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A worker's directory whose file names a SoftHSM token.
 *
 * @param token the token
 * @param worker the worker's directory
 */
record HsmDirectory(SoftHsmDirectory token, Path worker) {

  /** With a fresh token; the test is skipped where SoftHSM is missing. */
  static HsmDirectory in(Path root) throws IOException, InterruptedException {
    HsmDirectory hsm = new HsmDirectory(SoftHsmDirectory.in(root), root.resolve("worker"));
    DurableFile.createDirectories(hsm.worker);
    hsm.writeConfiguration(hsm.token.uriWithPin());
    return hsm;
  }

  /** A file that asks for no approvals. */
  void writeConfiguration(String uri) throws IOException {
    writeConfiguration(uri, "");
  }

  /** The same with approvers, a JSON array's content in single quotes. */
  void writeConfiguration(String uri, String approvers) throws IOException {
    String json =
        "{'schema':1,'token':'"
            + uri
            + "','approvers':["
            + approvers
            + "],'rules':[],'defaults':["
            + "{'purpose':'image','minApprovals':0},{'purpose':'manifest','minApprovals':0}]}";
    DurableFile.replace(
        worker.resolve(TokenWorker.CONFIGURATION),
        json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  /** The real worker's process. */
  WorkerLaunch launch() {
    return launch(WorkerProgram.class, List.of());
  }

  WorkerLaunch launch(Class<?> program, List<String> options) {
    List<String> command =
        new ArrayList<>(List.of("env", "SOFTHSM2_CONF=" + token.configuration()));
    command.addAll(WorkerLaunch.onThisJvm(program, options, worker, Set.of()).command());
    return new WorkerLaunch(command, Set.of());
  }
}
