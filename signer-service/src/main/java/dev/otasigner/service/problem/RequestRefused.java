package dev.otasigner.service.problem;

/**
 * Published whenever a request was answered with no.
 *
 * @param method of HTTP
 * @param path without its query
 * @param address where the request came from
 */
public record RequestRefused(
    String method, String path, String address, ProblemType type, String detail) {}
