package dev.otasigner.service.problem;

/**
 * Published whenever a request was answered with no.
 *
 * @param method of HTTP
 * @param path without its query
 * @param address where the request came from
 * @param recorded whether whoever refused it has put it into the audit log already
 */
public record RequestRefused(
    String method,
    String path,
    String address,
    ProblemType type,
    String detail,
    boolean recorded) {}
