package dev.otasigner.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * A session as a person would see it. A line of the file is one of
 *
 * <pre>
 * # a remark
 * copy VECTOR NAME          a file of the vectors, under NAME in the session's directory
 * serve METHOD PATH BODY    the fake service expects this request next (BODY - for none) ...
 * answer STATUS BODY        ... and answers this
 * $ signer ARGUMENTS        a command; what follows, up to an empty line, is what it prints:
 * text                        on standard output
 * ! text                      on standard error
 * [N]                         its exit code, 0 when not said
 * -- NAME --                a file of the session: the lines up to an empty one
 * </pre>
 *
 * Three dots stand for any text within a line.
 */
record Transcript(Map<String, String> files, List<String> copies, List<Step> steps) {

  /** One command with the requests it makes and what it prints. */
  record Step(
      List<String> arguments,
      List<Exchange> exchanges,
      List<String> out,
      List<String> err,
      int exitCode) {}

  /** One request to the service and its answer. */
  record Exchange(String method, String path, String body, int status, String answer) {}

  static Transcript read(String text) {
    Reader reader = new Reader();
    for (String line : text.split("\n", -1)) {
      reader.take(line);
    }
    reader.take("");
    return new Transcript(reader.files, reader.copies, reader.steps);
  }

  /** Whether the line is what was expected, three dots standing for anything. */
  static boolean matches(String expected, String actual) {
    StringBuilder regex = new StringBuilder();
    for (String part : expected.split(Pattern.quote("..."), -1)) {
      regex.append(regex.isEmpty() ? "" : ".*").append(Pattern.quote(part));
    }
    return Pattern.matches(regex.toString(), actual);
  }

  private static final class Reader {
    private final Map<String, String> files = new LinkedHashMap<>();
    private final List<String> copies = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private List<Exchange> exchanges = new ArrayList<>();
    private String file = "";
    private boolean inStep;

    void take(String line) {
      if (line.isEmpty()) {
        inStep = false;
        file = "";
      } else if (!file.isEmpty()) {
        files.merge(file, line + "\n", String::concat);
      } else if (line.startsWith("$ signer")) {
        String rest = line.substring("$ signer".length()).strip();
        List<String> arguments = rest.isEmpty() ? List.of() : List.of(rest.split(" +"));
        steps.add(new Step(arguments, exchanges, new ArrayList<>(), new ArrayList<>(), 0));
        exchanges = new ArrayList<>();
        inStep = true;
      } else if (inStep) {
        output(line);
      } else if (line.startsWith("-- ") && line.endsWith(" --")) {
        file = line.substring(3, line.length() - 3);
      } else if (line.startsWith("copy ")) {
        copies.add(line.substring(5));
      } else if (line.startsWith("serve ")) {
        String[] parts = line.split(" ", 4);
        exchanges.add(new Exchange(parts[1], parts[2], parts[3], 0, ""));
      } else if (line.startsWith("answer ")) {
        String[] parts = line.split(" ", 3);
        Exchange last = exchanges.remove(exchanges.size() - 1);
        exchanges.add(
            new Exchange(last.method, last.path, last.body, Integer.parseInt(parts[1]), parts[2]));
      } else if (!line.startsWith("#")) {
        throw new IllegalArgumentException("not a line of a transcript: " + line);
      }
    }

    private void output(String line) {
      Step step = steps.get(steps.size() - 1);
      if (Pattern.matches("\\[\\d]", line)) {
        int code = Integer.parseInt(line.substring(1, 2));
        steps.set(
            steps.size() - 1, new Step(step.arguments, step.exchanges, step.out, step.err, code));
      } else if (line.startsWith("! ")) {
        step.err.add(line.substring(2));
      } else {
        step.out.add(line);
      }
    }
  }
}
