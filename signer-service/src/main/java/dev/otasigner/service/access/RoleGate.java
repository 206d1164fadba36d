package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Lets an actor through to an endpoint whose {@link AllowedTo} names one of its roles, and whose
 * product, if the path names one, is the actor's. An endpoint without a list is closed.
 */
@Configuration(proxyBeanMethods = false)
class RoleGate implements HandlerInterceptor, WebMvcConfigurer {

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(this).addPathPatterns("/api/**");
  }

  @Override
  public boolean preHandle(
      HttpServletRequest request, HttpServletResponse response, Object handler) {
    if (!(handler instanceof HandlerMethod method)) {
      return true; // no endpoint: answered with 404
    }
    if (method.hasMethodAnnotation(OpenToAll.class)) {
      return true;
    }
    Actor actor = Actor.current();
    AllowedTo allowed = method.getMethodAnnotation(AllowedTo.class);
    if (actor.isPasswordChangeDue()) {
      if (allowed != null && allowed.beforePasswordChange()) {
        return true; // only ever on what concerns the caller's own account
      }
      throw new SignerException(
          ProblemType.PASSWORD_CHANGE_DUE,
          "the password of " + actor.name() + " was handed out: change it first");
    }
    if (allowed == null || Arrays.stream(allowed.value()).noneMatch(actor::has)) {
      throw new SignerException(
          ProblemType.FORBIDDEN,
          allowed == null
              ? "nobody may call this"
              : "this asks for role "
                  + Arrays.stream(allowed.value())
                      .map(Role::code)
                      .collect(Collectors.joining(" or ")));
    }
    if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE)
            instanceof Map<?, ?> variables
        && variables.get("product") instanceof String product) {
      actor.requireProduct(product);
    }
    return true;
  }
}
