package dev.otasigner.service.replica;

import dev.otasigner.service.Console;
import dev.otasigner.service.Milestones;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.SignerService;
import dev.otasigner.service.problem.JacksonStrictness;
import dev.otasigner.service.problem.JsonConverter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.context.PropertyPlaceholderAutoConfiguration;
import org.springframework.boot.http.converter.autoconfigure.HttpMessageConvertersAutoConfiguration;
import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.WebMvcAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.ImportSelector;
import org.springframework.core.Ordered;
import org.springframework.core.type.AnnotationMetadata;
import tools.jackson.databind.JacksonModule;

/**
 * The little that runs on stand-by: the management port with its TLS, and the catalogue's files.
 * Neither database nor token is opened. Not a component: the service itself does not have it.
 */
@ImportAutoConfiguration({
  PropertyPlaceholderAutoConfiguration.class,
  TomcatServletWebServerAutoConfiguration.class,
  DispatcherServletAutoConfiguration.class,
  WebMvcAutoConfiguration.class,
  HttpMessageConvertersAutoConfiguration.class,
  JacksonAutoConfiguration.class
})
@Import(StandByConfiguration.Shared.class)
class StandByConfiguration {

  /** What the service has too; their rooms keep them to themselves. */
  static final class Shared implements ImportSelector {
    @Override
    public String[] selectImports(AnnotationMetadata metadata) {
      String service = "dev.otasigner.service.";
      return new String[] {
        service + "catalogue.CatalogueController",
        service + "catalogue.CatalogueStorages",
        service + "listeners.ManagementTls",
        service + "problem.EarlyRefusals",
        service + "problem.ProblemAdvice",
        service + "problem.StorageRoom"
      };
    }
  }

  @Bean
  static FilterRegistrationBean<HandingOn> handingOn(
      ReplicaSettings settings, ReplicaSecret secret, StandBy standBy) {
    FilterRegistrationBean<HandingOn> filter =
        new FilterRegistrationBean<>(new HandingOn(settings, secret, standBy));
    filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return filter;
  }

  @Bean
  static ServiceDirectories serviceDirectories(ReplicaSettings settings) throws IOException {
    return ServiceDirectories.under(settings.shared());
  }

  @Bean
  static Clock clock() {
    return SignerService.clock();
  }

  /** What the management port warns of was said, or will be, by the service itself. */
  @Bean
  static Console console() {
    return new Console(
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
  }

  @Bean
  static Milestones milestones() {
    return milestone -> {};
  }

  @Bean
  static JacksonModule strictness() {
    return JacksonStrictness.module();
  }

  @Bean
  static ServerHttpMessageConvertersCustomizer jsonConverter() {
    return converters -> converters.addCustomConverter(new JsonConverter());
  }
}
