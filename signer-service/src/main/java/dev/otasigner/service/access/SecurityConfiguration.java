package dev.otasigner.service.access;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.regex.Pattern;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpMethod;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** The filter chain of the management port. Device listeners have their own, in {@code fleet}. */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {
  private static final long MAX_BODY_BYTES = 1024 * 1024;

  /** Payloads are streamed to disk by a store that has a limit of its own. */
  private static final String PAYLOADS = "/api/v1/payloads";

  /** Lists of devices are read row by row, and each row has a limit. */
  private static final Pattern DEVICE_LIST =
      Pattern.compile("/api/v1/products/[^/]+/devices/import");

  private static boolean isStreamed(String path) {
    return path.equals(PAYLOADS)
        || path.startsWith(PAYLOADS + "/")
        || DEVICE_LIST.matcher(path).matches();
  }

  private static long maxBytes(String path) {
    return isStreamed(path) ? Long.MAX_VALUE : MAX_BODY_BYTES;
  }

  @Bean
  @Order(100)
  SecurityFilterChain managementChain(
      HttpSecurity http,
      SignIn signIn,
      IssuedTokens issued,
      People people,
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
    return http
        // No cookie ever authenticates, so there is nothing to forge a request with.
        .csrf(AbstractHttpConfigurer::disable)
        .sessionManagement(s -> s.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .requestCache(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .anonymous(AbstractHttpConfigurer::disable)
        // Those of every answer are set before this chain is reached: see SecurityHeaders.
        .headers(headers -> headers.defaultsDisabled().cacheControl(Customizer.withDefaults()))
        .addFilterBefore(
            new BodyLimit(SecurityConfiguration::maxBytes, problems), AuthorizationFilter.class)
        .addFilterBefore(new TokenFilter(signIn, issued, problems), AuthorizationFilter.class)
        .addFilterBefore(
            new ClientLimit(SecurityConfiguration::isStreamed, people::behind, problems),
            AuthorizationFilter.class)
        .authorizeHttpRequests(
            requests ->
                requests
                    .requestMatchers(HttpMethod.GET, "/actuator/health", "/catalogue/**")
                    .permitAll()
                    .requestMatchers(HttpMethod.POST, "/api/v1/sessions")
                    .permitAll()
                    .requestMatchers("/api/**", "/actuator/prometheus")
                    .authenticated()
                    .anyRequest()
                    .denyAll())
        .exceptionHandling(
            handling ->
                handling
                    .authenticationEntryPoint(
                        (request, response, e) ->
                            problems.resolveException(
                                request,
                                response,
                                null,
                                new SignerException(
                                    ProblemType.UNAUTHENTICATED,
                                    "this needs Authorization: Bearer TOKEN")))
                    .accessDeniedHandler(
                        (request, response, e) ->
                            problems.resolveException(
                                request,
                                response,
                                null,
                                new SignerException(
                                    ProblemType.NOT_FOUND, "nothing is served here"))))
        .build();
  }
}
