package dev.otasigner.verifier;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Each reason's test, as the page of reasons names it, turns red when its check is removed. Reads
 * the reports of the runs that docs/reference/mutation.md describes, and is skipped without one.
 */
@EnabledIfSystemProperty(named = "mutation.report", matches = ".+")
class MutationReportTests {
  private static final Path SOURCES = Path.of("src/main/java/dev/otasigner/verifier");
  private static final Pattern ROW =
      Pattern.compile("\\| `([a-z-]+)` \\|.*\\| `(\\w+)\\.(\\w+)` \\|");
  private static final Pattern MUTANT = Pattern.compile("<mutation .*?</mutation>", Pattern.DOTALL);
  private static final Pattern KILLER =
      Pattern.compile("\\[class:[\\w.]*\\.(\\w+)]/\\[(?:method|test-template|test-factory):(\\w+)");
  private static final Pattern FACTORY = Pattern.compile("RejectedException (\\w+)\\(");

  /** Thrown by other modules than this one, and proved by their tests. */
  private static final Set<Reason> ELSEWHERE = Set.of(Reason.UNKNOWN_KEY, Reason.NOT_CONFIRMED);

  /** A check stands at most this many lines above the name of its reason. */
  private static final int NEAR = 10;

  /** No more of the page's tests than this notice that one check is gone. */
  private static final int FEW = 10;

  /** By source file, by line, the tests that notice each change there. */
  private final Map<String, TreeMap<Integer, List<Set<String>>>> mutants = new LinkedHashMap<>();

  private final Map<Path, List<String>> sources = new LinkedHashMap<>();

  MutationReportTests() throws IOException {
    Path reports = Path.of(System.getProperty("mutation.report", ""));
    try (Stream<Path> files = Files.walk(reports)) {
      for (Path report : files.filter(f -> f.endsWith("mutations.xml")).toList()) {
        read(Files.readString(report));
      }
    }
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        sources.put(file, Files.readAllLines(file));
      }
    }
  }

  private void read(String report) {
    Matcher found = MUTANT.matcher(report);
    while (found.find()) {
      String mutant = found.group();
      Set<String> killers = new TreeSet<>();
      mutants
          .computeIfAbsent(element(mutant, "sourceFile"), file -> new TreeMap<>())
          .computeIfAbsent(
              Integer.parseInt(element(mutant, "lineNumber")), line -> new ArrayList<>())
          .add(killers);
      Matcher killer = KILLER.matcher(element(mutant, "killingTests"));
      while (killer.find()) {
        killers.add(killer.group(1) + "." + killer.group(2));
      }
    }
  }

  private static String element(String mutant, String name) {
    Matcher m = Pattern.compile("<" + name + ">(.*?)</" + name + ">").matcher(mutant);
    return m.find() ? m.group(1) : "";
  }

  @Test
  void everyReasonsTestTurnsRedWithoutItsCheck() throws IOException {
    List<String> unproved = new ArrayList<>();
    int proved = 0;
    for (String line : Files.readAllLines(Path.of("../docs/reference/reasons.md"))) {
      Matcher row = ROW.matcher(line);
      if (!row.matches()) {
        continue;
      }
      Reason reason = Objects.requireNonNull(Reason.ofCode(row.group(1)));
      String test = row.group(2) + "." + row.group(3);
      Set<String> killers = killers(reason);
      if (killers.contains(test)) {
        proved++;
      } else if (!ELSEWHERE.contains(reason)) {
        unproved.add(reason + " by " + test + ", but " + killers);
      }
    }
    assertThat(unproved).isEmpty();
    assertThat(proved).isEqualTo(Reason.values().length - ELSEWHERE.size());
  }

  /** The tests that notice when a check that refuses for this reason is removed. */
  private Set<String> killers(Reason reason) {
    Set<String> killers = new TreeSet<>();
    sources.forEach(
        (file, lines) -> {
          for (int at = 0; at < lines.size(); at++) {
            if (names(lines.get(at), "Reason." + reason.name())) {
              killers.addAll(killersOf(file, at, true));
            }
          }
        });
    return killers;
  }

  private Set<String> killersOf(Path file, int at, boolean throughFactories) {
    List<String> lines = Objects.requireNonNull(sources.get(file));
    for (int up = at; throughFactories && up >= 0 && up > at - NEAR; up--) {
      Matcher factory = FACTORY.matcher(lines.get(up));
      if (factory.find() && !lines.get(up).contains("new ")) {
        boolean ownFileOnly = lines.get(up).contains("private");
        return killersOfCallers(file, factory.group(1), ownFileOnly);
      }
    }
    TreeMap<Integer, List<Set<String>>> here =
        mutants.getOrDefault(file.getFileName().toString(), new TreeMap<>());
    Map.Entry<Integer, List<Set<String>>> check = here.floorEntry(at + 1);
    return check != null && check.getKey() > at + 1 - NEAR ? ofRemoval(check.getValue()) : Set.of();
  }

  /** A check that refuses always is noticed by many tests, and proves nothing of any of them. */
  private static Set<String> ofRemoval(List<Set<String>> changes) {
    Set<String> killers = new TreeSet<>();
    changes.stream().filter(tests -> tests.size() <= FEW).forEach(killers::addAll);
    return killers;
  }

  private Set<String> killersOfCallers(Path file, String factory, boolean ownFileOnly) {
    Set<String> killers = new TreeSet<>();
    sources.forEach(
        (caller, lines) -> {
          for (int at = 0; at < lines.size(); at++) {
            boolean calls = names(lines.get(at), factory + "(");
            if (calls && lines.get(at).contains("throw") && (caller.equals(file) || !ownFileOnly)) {
              killers.addAll(killersOf(caller, at, false));
            }
          }
        });
    return killers;
  }

  /** Whether the name stands in the line and does not go on. */
  private static boolean names(String line, String name) {
    int at = line.indexOf(name);
    int end = at + name.length();
    return at >= 0
        && (name.endsWith("(")
            || end == line.length()
            || !Character.isJavaIdentifierPart(line.charAt(end)));
  }
}
