package dev.otasigner.service.oidc;

import dev.otasigner.service.ConfigurationRefused;
import dev.otasigner.service.access.IssuedTokens;
import java.time.Clock;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/** Reads the configuration; nothing more is loaded where it names no issuer. */
@Configuration(proxyBeanMethods = false)
class OidcConfiguration {
  @Bean
  static IssuedTokens issuedTokens(
      Environment environment, ApplicationEventPublisher events, Clock clock) {
    OidcSettings settings = settings(environment);
    return settings.all().isEmpty()
        ? IssuedTokens.NONE
        : new Oidc(settings, new SignInRecord(events), clock);
  }

  private static OidcSettings settings(Environment environment) {
    try {
      return Binder.get(environment)
          .bind("signer.oidc", OidcSettings.class)
          .orElseGet(() -> new OidcSettings(null));
    } catch (BindException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof IllegalArgumentException refused
            && String.valueOf(refused.getMessage()).startsWith("signer.oidc")) {
          throw new ConfigurationRefused(String.valueOf(refused.getMessage()));
        }
      }
      throw new ConfigurationRefused("signer.oidc: " + e.getProperty() + " is not understood");
    }
  }
}
