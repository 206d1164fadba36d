package dev.otasigner.cli.demo;

import dev.otasigner.cli.Report;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs the story step by step, a line each; the first step that fails ends it. */
final class Steps {
  private final Report report;
  private final List<Result> results = new ArrayList<>();

  Steps(Report report) {
    this.report = report;
  }

  /** One line of the outcome. */
  record Result(String text, boolean passed, long millis, String detail) {}

  /** What a step does. */
  interface Step {
    /** Does it, and answers what is worth telling besides; often nothing. */
    String run() throws IOException, StepFailedException;
  }

  void step(String text, Step step) throws StepFailedException {
    long start = System.nanoTime();
    try {
      String told = step.run();
      long millis = (System.nanoTime() - start) / 1_000_000;
      String line = told.isEmpty() ? text : text + ": " + told;
      results.add(new Result(line, true, millis, ""));
      report.line("ok " + results.size() + " " + line + " (" + millis + " ms)");
    } catch (IOException | StepFailedException | RuntimeException e) {
      String why = e.getMessage() == null ? e.toString() : e.getMessage();
      results.add(new Result(text, false, (System.nanoTime() - start) / 1_000_000, why));
      report.line("FAILED " + results.size() + " " + text + ": " + why);
      throw e instanceof StepFailedException failed ? failed : new StepFailedException(why, e);
    }
  }

  /** What broke between two steps. */
  void broken(IOException e) {
    results.add(new Result("the story goes on", false, 0, e.toString()));
    report.line("FAILED " + results.size() + " the story goes on: " + e);
  }

  /** A heading between two acts. */
  void act(String title) {
    report.line("# " + title);
  }

  List<Result> results() {
    return List.copyOf(results);
  }

  long failed() {
    return results.stream().filter(r -> !r.passed).count();
  }

  long passed() {
    return results.size() - failed();
  }
}
