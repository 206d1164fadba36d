package dev.otasigner.cli.demo;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Who plays: the service, an administrator, the maker's engineer and two devices, each a program in
 * a directory of its own; and what the story has agreed on.
 *
 * @param payload what the maker ships
 * @param slotBytes room for it in a device
 * @param ports where devices dial in
 */
record World(Stage stage, Steps steps, Path launcher, Path payload, long slotBytes, Ports ports) {
  static final String PRODUCT = "thermostat";
  static final String HARDWARE = "board";
  static final String CHANNEL = "stable";
  static final String LINEAGE = "default";
  static final String FIRST_DEVICE = "device-1";
  static final String SECOND_DEVICE = "device-2";

  /** Ports that were free when the story began. */
  record Ports(int enrol, int legacy, int modern) {}

  Program service() throws IOException {
    return program("service", List.of("serve"));
  }

  /** Administers users, products and listeners; signs nothing. */
  Program administrator() throws IOException {
    return program("administrator", List.of());
  }

  /** Holds the keys and publishes. */
  Program engineer() throws IOException {
    return program("engineer", List.of());
  }

  Program device(String id) throws IOException {
    return program(id, List.of("device"));
  }

  private Program program(String name, List<String> words) throws IOException {
    return new Program(stage, launcher, stage.directoryOf(name), words);
  }

  /** The service's catalogue as somebody who broke into its machine sees it. */
  Path catalogue() throws IOException {
    return stage.directoryOf("service").resolve("data/catalogue").resolve(PRODUCT).resolve(LINEAGE);
  }

  /** Runs the device for one cycle and answers what it says at the end. */
  Fields run(String device, String... options) throws IOException, StepFailedException {
    String[] all = new String[options.length + 4];
    System.arraycopy(new String[] {"run", "--flash", "flash.bin", "--json"}, 0, all, 0, 4);
    System.arraycopy(options, 0, all, 4, options.length);
    return device(device).run(all).json();
  }

  /** The same while the story goes on. */
  CompletableFuture<Output> running(String device) throws IOException {
    return device(device).running("run", "--flash", "flash.bin", "--json");
  }

  /** Reads the device's state while the story goes on. */
  CompletableFuture<Output> stating(String device) throws IOException {
    return device(device).running("state", "--flash", "flash.bin", "--json");
  }

  /** The device's state, carried to the engineer's desk. */
  Path stateOf(String device, CompletableFuture<Output> stating)
      throws IOException, StepFailedException {
    Output state = Program.ended(stating).requireDone();
    Path file = engineer().directory().resolve(device + ".json");
    Files.write(file, state.out().getBytes(StandardCharsets.UTF_8));
    return file;
  }

  /** Demands that a device's run ended this way. */
  static void require(Fields run, String result, String detail) throws StepFailedException {
    try {
      requireEnd(run, result, detail);
    } catch (RejectedException e) {
      throw new StepFailedException(String.valueOf(e.getMessage()));
    }
  }

  private static void requireEnd(Fields run, String result, String detail)
      throws StepFailedException, RejectedException {
    String got = run.string("result");
    String said =
        run.has("reason") ? run.string("reason") : run.has("version") ? run.string("version") : "";
    if (!got.equals(result) || !said.equals(detail)) {
      throw new StepFailedException(
          "expected "
              + result
              + " "
              + detail
              + ", got "
              + got
              + " "
              + said
              + " "
              + run.optionalString("message").orElse(""));
    }
  }
}
