package dev.otasigner.cli.demo;

import dev.otasigner.cli.Report;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Picks values out of what {@code --json} prints. */
final class Answers {
  private static final int MAX_BYTES = 16 * 1024 * 1024;

  private Answers() {}

  /** One text member of an object. */
  static String text(Output output, String name) throws StepFailedException {
    try {
      return output.json().string(name);
    } catch (RejectedException e) {
      throw new StepFailedException(e.getMessage() + " in:\n" + output.all());
    }
  }

  /** One whole number of an object. */
  static long number(Output output, String name) throws StepFailedException {
    try {
      return output.json().integer(name, 0, Long.MAX_VALUE);
    } catch (RejectedException e) {
      throw new StepFailedException(e.getMessage() + " in:\n" + output.all());
    }
  }

  /** The items of a list. */
  static List<Json.Obj> items(Output output) throws StepFailedException {
    try {
      return Report.items(
          JsonReader.read(output.out().getBytes(StandardCharsets.UTF_8), MAX_BYTES));
    } catch (RejectedException e) {
      throw new StepFailedException(e.getMessage() + " in:\n" + output.all());
    }
  }

  /** A member of the first item whose two other members begin with these texts. */
  static String find(
      Output output,
      String first,
      String firstText,
      String second,
      String secondText,
      String wanted)
      throws StepFailedException {
    try {
      for (Json.Obj item : items(output)) {
        Fields fields = new Fields(item, "");
        if (fields.string(first).startsWith(firstText)
            && fields.string(second).startsWith(secondText)) {
          return fields.string(wanted);
        }
      }
    } catch (RejectedException e) {
      throw new StepFailedException(e.getMessage() + " in:\n" + output.all());
    }
    throw new StepFailedException("no " + firstText + " " + secondText + " in:\n" + output.all());
  }
}
