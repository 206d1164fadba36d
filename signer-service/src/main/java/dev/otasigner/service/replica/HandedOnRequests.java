package dev.otasigner.service.replica;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Takes a request that a service on stand-by has handed on as coming from where that one got it, if
 * it proves that it is one: limits and records are those of the caller. Of anybody else's word
 * nothing is believed.
 */
final class HandedOnRequests extends OncePerRequestFilter {
  static final String SOURCE = "Ota-Replica-Source";
  static final String MARK = "Ota-Replica-Mark";

  private final ReplicaSecret secret;
  private final long number;

  HandedOnRequests(ReplicaSecret secret, long number) {
    this.secret = secret;
    this.number = number;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String source = request.getHeader(SOURCE);
    String mark = request.getHeader(MARK);
    boolean believed =
        source != null
            && mark != null
            && secret.isMark(mark, number, request.getMethod(), uri(request), source);
    chain.doFilter(
        believed
            ? new HttpServletRequestWrapper(request) {
              @Override
              public String getRemoteAddr() {
                return source;
              }
            }
            : request,
        response);
  }

  static String uri(HttpServletRequest request) {
    String query = request.getQueryString();
    return request.getRequestURI() + (query == null ? "" : "?" + query);
  }
}
