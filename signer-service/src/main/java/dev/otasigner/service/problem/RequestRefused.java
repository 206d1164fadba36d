package dev.otasigner.service.problem;

/**
 * Published whenever a request was answered with no.
 *
 * @param method of HTTP
 * @param path without its query
 */
public record RequestRefused(String method, String path, ProblemType type, String detail) {}
