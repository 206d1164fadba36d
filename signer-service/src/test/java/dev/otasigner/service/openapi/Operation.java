package dev.otasigner.service.openapi;

import static dev.otasigner.service.problem.ProblemType.BAD_REQUEST;
import static dev.otasigner.service.problem.ProblemType.CONFLICT;
import static dev.otasigner.service.problem.ProblemType.FORBIDDEN;
import static dev.otasigner.service.problem.ProblemType.INTERNAL;
import static dev.otasigner.service.problem.ProblemType.ISSUER_UNAVAILABLE;
import static dev.otasigner.service.problem.ProblemType.NOT_ACCEPTABLE;
import static dev.otasigner.service.problem.ProblemType.NOT_FOUND;
import static dev.otasigner.service.problem.ProblemType.PASSWORD_CHANGE_DUE;
import static dev.otasigner.service.problem.ProblemType.STORAGE_FULL;
import static dev.otasigner.service.problem.ProblemType.TOO_LARGE;
import static dev.otasigner.service.problem.ProblemType.TOO_MANY_REQUESTS;
import static dev.otasigner.service.problem.ProblemType.TOO_SLOW;
import static dev.otasigner.service.problem.ProblemType.UNAUTHENTICATED;
import static dev.otasigner.service.problem.ProblemType.UNSUPPORTED_MEDIA_TYPE;

import dev.otasigner.service.problem.ProblemType;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is said of an endpoint that its controller's signature does not tell.
 *
 * @param endpoint method and path
 * @param id the name of the call in a generated client
 * @param takes the shape of the body, where the signature has none
 * @param answers by status, where the signature has none
 * @param problems that it can answer besides those of every endpoint of its kind
 */
record Operation(
    String endpoint,
    String id,
    String summary,
    @Nullable Class<?> takes,
    Map<Integer, Answer> answers,
    Set<ProblemType> problems) {

  /**
   * An answer that is no problem.
   *
   * @param shape nothing for bytes
   */
  record Answer(String mediaType, @Nullable Class<?> shape, boolean isList) {
    static Answer json(Class<?> shape) {
      return new Answer("application/json", shape, false);
    }

    static Answer list(Class<?> shape) {
      return new Answer("application/json", shape, true);
    }

    /** Done, and nothing to say. */
    static Answer nothing() {
      return new Answer("", null, false);
    }

    static Answer bytes(String mediaType) {
      return new Answer(mediaType, null, false);
    }
  }

  static Operation call(String endpoint, String id, String summary) {
    return new Operation(endpoint, id, summary, null, Map.of(), Set.of());
  }

  Operation takes(Class<?> shape) {
    return new Operation(endpoint, id, summary, shape, answers, problems);
  }

  Operation answers(int status, Answer answer) {
    Map<Integer, Answer> all = new TreeMap<>(answers);
    all.put(status, answer);
    return new Operation(endpoint, id, summary, takes, all, problems);
  }

  Operation answers(int status, Class<?> shape) {
    return answers(status, Answer.json(shape));
  }

  Operation refuses(ProblemType... types) {
    return new Operation(endpoint, id, summary, takes, answers, EnumSet.copyOf(List.of(types)));
  }

  /** All that it can answer. */
  Set<ProblemType> allProblems(boolean isOpen) {
    Set<ProblemType> all =
        EnumSet.of(
            BAD_REQUEST,
            UNAUTHENTICATED,
            ISSUER_UNAVAILABLE,
            NOT_ACCEPTABLE,
            TOO_MANY_REQUESTS,
            INTERNAL);
    all.addAll(problems);
    if (!isOpen) {
      all.addAll(Set.of(FORBIDDEN, PASSWORD_CHANGE_DUE));
    }
    if (endpoint.contains("{")) {
      all.add(NOT_FOUND);
    }
    if (!endpoint.startsWith("GET ")) {
      // Somebody else may change the same thing at the same moment.
      all.addAll(Set.of(STORAGE_FULL, CONFLICT));
    }
    if (endpoint.startsWith("P")) {
      all.addAll(Set.of(TOO_SLOW, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE));
    }
    return all;
  }
}
