package dev.otasigner.service.watch;

import dev.otasigner.service.access.Actor;
import dev.otasigner.service.problem.RequestId;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Gives each call its number, which every line of the log about it carries, and says at its end who
 * called what and how it went. The route is the endpoint's pattern: no path, query or header of the
 * client's is written.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class RequestLog extends OncePerRequestFilter implements HandlerInterceptor, WebMvcConfigurer {
  private static final Logger log = LoggerFactory.getLogger("dev.otasigner.access");
  private static final String ACTOR = RequestLog.class.getName() + ".actor";
  private static final String NOBODY = "-";
  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");

  private final Metrics metrics;

  RequestLog(Metrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(this).order(Ordered.HIGHEST_PRECEDENCE);
  }

  /** The actor is known here, and forgotten before the filter goes on. */
  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    Actor actor = Actor.current();
    request.setAttribute(ACTOR, actor.equals(Actor.SYSTEM) ? NOBODY : actor.label());
    return true;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    String id = RequestId.of(request.getHeader(RequestId.HEADER));
    MDC.put(RequestId.KEY, id);
    response.setHeader(RequestId.HEADER, id);
    long begun = System.nanoTime();
    try {
      chain.doFilter(request, response);
    } finally {
      tell(request, response, Duration.ofNanos(System.nanoTime() - begun));
      MDC.remove(RequestId.KEY);
    }
  }

  private void tell(HttpServletRequest request, HttpServletResponse response, Duration time) {
    String method = METHODS.contains(request.getMethod()) ? request.getMethod() : "other";
    Object pattern = request.getAttribute(HandlerMapping.BEST_MATCHING_PATTERN_ATTRIBUTE);
    String route = pattern == null ? NOBODY : pattern.toString();
    Object actor = request.getAttribute(ACTOR);
    String status = Integer.toString(response.getStatus());
    metrics.took(Metric.HTTP, time, method, route, status);
    log.atInfo()
        .addKeyValue("method", method)
        .addKeyValue("route", route)
        .addKeyValue("status", response.getStatus())
        .addKeyValue("millis", time.toMillis())
        .addKeyValue("actor", actor == null ? NOBODY : actor)
        .log(
            "{} {} {} {} ms {}",
            method,
            route,
            status,
            time.toMillis(),
            actor == null ? NOBODY : actor);
  }
}
