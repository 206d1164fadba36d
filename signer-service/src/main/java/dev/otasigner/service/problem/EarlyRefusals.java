package dev.otasigner.service.problem;

import org.apache.catalina.core.StandardHost;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.web.firewall.RequestRejectedHandler;
import org.springframework.web.servlet.HandlerExceptionResolver;

/** What is refused before a controller is looked for is a problem like any other. */
@Configuration(proxyBeanMethods = false)
class EarlyRefusals {

  @Bean
  static WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemReport() {
    return factory ->
        factory.addContextCustomizers(
            context -> {
              if (context.getParent() instanceof StandardHost host) {
                host.setErrorReportValveClass(ProblemReport.class.getName());
              }
            });
  }

  /** Spring Security's own refusal of paths, methods and headers that no client of ours sends. */
  @Bean
  static RequestRejectedHandler requestRejectedHandler(
      @Qualifier("handlerExceptionResolver") HandlerExceptionResolver problems) {
    return (request, response, e) ->
        problems.resolveException(
            request,
            response,
            null,
            new SignerException(ProblemType.BAD_REQUEST, ProblemReport.DETAIL));
  }
}
