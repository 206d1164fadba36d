package dev.otasigner.verifier.fuzz;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;

/** A reader that trusts a count it has read: for the test that fuzzing can fail. */
public final class HoleyReader {
  private HoleyReader() {}

  /** The entry point that Jazzer looks for. */
  public static void fuzzerTestOneInput(byte[] input) {
    try {
      if (JsonReader.read(input, 256) instanceof Json.Arr array) {
        byte[] table = new byte[4];
        table[array.items().size()] = 1;
      }
    } catch (RejectedException e) {
      // A refusal is an answer.
    }
  }
}
