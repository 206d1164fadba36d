package dev.otasigner.service.problem;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Set;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.InvalidMediaTypeException;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Refuses a body whose kind is no kind ({@code *}{@code /*}, or no media type at all), and one that
 * is compressed: what it unpacks to has no bound, and nobody here would unpack it.
 */
@Configuration(proxyBeanMethods = false)
class BodyKind implements HandlerInterceptor, WebMvcConfigurer {
  private static final Set<String> TAKE_BODIES = Set.of("POST", "PUT", "PATCH");

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(this);
  }

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (!takesBody(request.getMethod())) {
      return true; // nobody reads it
    }
    String encoding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
      throw refused("Content-Encoding: a body as it is, not compressed, is expected");
    }
    String type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && !isConcrete(type)) {
      throw refused("Content-Type: a media type such as application/json is expected");
    }
    return true;
  }

  /** Whether requests of this method have a body that somebody reads. */
  static boolean takesBody(String method) {
    return TAKE_BODIES.contains(method);
  }

  static boolean isConcrete(String type) {
    try {
      return type.isBlank() || MediaType.parseMediaType(type).isConcrete();
    } catch (InvalidMediaTypeException e) {
      return false;
    }
  }

  private static SignerException refused(String detail) {
    return new SignerException(ProblemType.UNSUPPORTED_MEDIA_TYPE, detail);
  }
}
