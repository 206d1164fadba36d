package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Arrays;
import java.util.Map;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Lets an actor through to an endpoint whose {@link AllowedTo} names one of its roles, held for the
 * product of the path, or everywhere. An endpoint without a list is closed.
 */
@Configuration(proxyBeanMethods = false)
class RoleGate implements HandlerInterceptor, WebMvcConfigurer {
  private final ObjectProvider<Accounts> accounts;

  RoleGate(ObjectProvider<Accounts> accounts) {
    this.accounts = accounts;
  }

  @Override
  public void addInterceptors(InterceptorRegistry registry) {
    registry.addInterceptor(this).addPathPatterns("/api/**", "/actuator/prometheus");
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
    if (actor.kind() == Actor.Kind.API_KEY && actor.rights().isEmpty()) {
      throw new SignerException(ProblemType.FORBIDDEN, accounts.getObject().whyItRests(actor));
    }
    if (allowed == null) {
      throw new SignerException(ProblemType.FORBIDDEN, "nobody may call this");
    }
    if (request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE)
            instanceof Map<?, ?> variables
        && variables.get("product") instanceof String product) {
      actor.require(product, allowed.value());
    } else {
      requireWithoutProduct(actor, allowed);
    }
    return true;
  }

  private static void requireWithoutProduct(Actor actor, AllowedTo allowed) {
    Role[] roles = allowed.value();
    if (Arrays.stream(roles).anyMatch(actor::has)) {
      return;
    }
    if (Arrays.stream(roles).noneMatch(actor.rights()::hasSomewhere)) {
      throw Actor.lacks(roles);
    }
    if (!allowed.ofAnyProduct()) {
      throw new SignerException(
          ProblemType.FORBIDDEN, "this belongs to no product, and asks for the role everywhere");
    }
  }
}
