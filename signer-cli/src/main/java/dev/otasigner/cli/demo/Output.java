package dev.otasigner.cli.demo;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What a program that has ended answered. */
record Output(List<String> command, int exitCode, String out, String err) {
  private static final int MAX_BYTES = 16 * 1024 * 1024;

  /** The same, when it exited with 0. */
  Output requireDone() throws StepFailedException {
    if (exitCode != 0) {
      throw new StepFailedException(
          "`" + String.join(" ", command) + "` exited with " + exitCode + ":\n" + out + err);
    }
    return this;
  }

  /** The same, when it exited with this code. */
  Output requireExit(int expected) throws StepFailedException {
    if (exitCode != expected) {
      throw new StepFailedException(
          "`"
              + String.join(" ", command)
              + "` exited with "
              + exitCode
              + " instead of "
              + expected
              + ":\n"
              + out
              + err);
    }
    return this;
  }

  /** Standard output as one JSON object. */
  Fields json() throws StepFailedException {
    try {
      return JsonReader.readObject(out.getBytes(StandardCharsets.UTF_8), MAX_BYTES);
    } catch (RejectedException e) {
      throw new StepFailedException(
          "`"
              + String.join(" ", command)
              + "` printed no JSON object: "
              + e.getMessage()
              + "\n"
              + out
              + err);
    }
  }

  String all() {
    return out + err;
  }
}
