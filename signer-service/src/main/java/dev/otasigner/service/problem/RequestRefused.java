package dev.otasigner.service.problem;

import java.util.List;

/**
 * Published whenever a request was answered with no.
 *
 * @param method of HTTP
 * @param path without its query
 * @param address where the request came from
 * @param reasons the codes of all that was found, each once, where the detail tells of the first or
 *     of how many there are
 * @param recorded whether whoever refused it has put it into the audit log already
 */
public record RequestRefused(
    String method,
    String path,
    String address,
    ProblemType type,
    String detail,
    List<String> reasons,
    boolean recorded) {
  public RequestRefused {
    reasons = List.copyOf(reasons);
  }
}
