package dev.otasigner.service.fleet;

import dev.otasigner.service.access.BodyLimit;
import dev.otasigner.service.database.DatabaseWatch;
import dev.otasigner.service.listeners.OpenListener;
import java.time.Clock;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** The filter chain of device listeners. */
@Configuration(proxyBeanMethods = false)
class DeviceSecurity {
  private static final long MAX_BODY_BYTES = 64 * 1024;

  @Bean
  @Order(10)
  SecurityFilterChain deviceChain(
      HttpSecurity http,
      DeviceStore store,
      CheckIns checkIns,
      Clock clock,
      DatabaseWatch database,
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
    return http.securityMatcher(request -> request.getAttribute(OpenListener.ATTRIBUTE) != null)
        .csrf(AbstractHttpConfigurer::disable)
        .sessionManagement(s -> s.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .requestCache(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .anonymous(AbstractHttpConfigurer::disable)
        .addFilterBefore(new BodyLimit(path -> MAX_BODY_BYTES, problems), AuthorizationFilter.class)
        .addFilterBefore(
            new DeviceGate(store, checkIns, clock, problems, database), AuthorizationFilter.class)
        // Which paths a listener serves was decided by its connector, who asks by the gate.
        .authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
        .build();
  }
}
