package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/**
 * Lets a client keep no more than its share of the service busy. A client is a person with all
 * their API keys, wherever they come from; who has not said who they are is an address, or of IPv6
 * a /64, and all of those have a share together. Requests at a time are counted, not over time: who
 * waits for the answers may send as many as it likes.
 */
final class ClientLimit extends OncePerRequestFilter {
  /** Half of the threads there are. */
  static final int PER_ACTOR = 32;

  static final int PER_ADDRESS = 8;

  /** Of all addresses: who is known finds a thread, however many come that are not. */
  static final int ADDRESSES = 24;

  /** Each holds a thread for as long as the client likes to send. */
  static final int UPLOADS_PER_ACTOR = 4;

  static final int UPLOADS = 16;
  private static final int RETRY_SECONDS = 1;

  private final Predicate<String> uploads;
  private final UnaryOperator<String> person;
  private final HandlerExceptionResolver problems;
  private final Map<String, Integer> busy = new ConcurrentHashMap<>();

  /**
   * A filter.
   *
   * @param uploads the paths of uploads
   * @param person the label of whoever answers for an actor of this label
   */
  ClientLimit(
      Predicate<String> uploads, UnaryOperator<String> person, HandlerExceptionResolver problems) {
    this.uploads = uploads;
    this.person = person;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
    boolean known = authentication != null;
    if (known) {
      known(person.apply(Actor.current().label()), request, response, chain);
    } else {
      unknown("address:" + SourceAddress.of(request.getRemoteAddr()), request, response, chain);
    }
  }

  private void known(
      String client, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (!enter(client, PER_ACTOR)) {
      refuse(request, response, "requests");
      return;
    }
    try {
      if (isUpload(request)) {
        upload(client, request, response, chain);
      } else {
        chain.doFilter(request, response);
      }
    } finally {
      leave(client);
    }
  }

  private void unknown(
      String client, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (!enter(client, PER_ADDRESS)) {
      refuse(request, response, "requests");
      return;
    }
    try {
      if (!enter("addresses", ADDRESSES)) {
        refuse(request, response, "requests without a token");
        return;
      }
      try {
        chain.doFilter(request, response);
      } finally {
        leave("addresses");
      }
    } finally {
      leave(client);
    }
  }

  private boolean isUpload(HttpServletRequest request) {
    return uploads.test(request.getRequestURI())
        && (request.getMethod().equals("PUT") || request.getMethod().equals("POST"));
  }

  private void upload(
      String client, HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (!enter("uploads", UPLOADS)) {
      refuse(request, response, "uploads of all clients");
      return;
    }
    try {
      if (!enter("upload:" + client, UPLOADS_PER_ACTOR)) {
        refuse(request, response, "uploads");
        return;
      }
      try {
        chain.doFilter(request, response);
      } finally {
        leave("upload:" + client);
      }
    } finally {
      leave("uploads");
    }
  }

  private boolean enter(String client, int most) {
    return busy.merge(client, 1, Integer::sum) <= most || leave(client);
  }

  /** Forgets who is not busy, so that there is no more to remember than there are threads. */
  private boolean leave(String client) {
    busy.computeIfPresent(client, (c, count) -> count == 1 ? null : count - 1);
    return false;
  }

  private void refuse(HttpServletRequest request, HttpServletResponse response, String what) {
    problems.resolveException(
        request,
        response,
        null,
        new SignerException(
            ProblemType.TOO_MANY_REQUESTS,
            "too many " + what + " at a time",
            Map.of("retryAfterSeconds", new Json.Num(RETRY_SECONDS))));
  }
}
