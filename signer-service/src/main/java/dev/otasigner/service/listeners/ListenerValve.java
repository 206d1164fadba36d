package dev.otasigner.service.listeners;

import dev.otasigner.service.problem.Problem;
import dev.otasigner.service.problem.ProblemType;
import jakarta.servlet.ServletException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.catalina.Valve;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ValveBase;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;

/**
 * Keeps the doors apart: a device listener serves device paths, an enrolment listener serves
 * enrolment, the management port serves neither. Decided by the connector a request came in on,
 * which no header can change, before anything else looks at the request.
 */
@Component
class ListenerValve implements WebServerFactoryCustomizer<TomcatServletWebServerFactory> {
  private static final Pattern DEVICE =
      Pattern.compile(
          "/device/v1/(?:renew|checkin)"
              + "|/(?!(?:device|api|actuator|catalogue)/)[a-z0-9-]{1,32}/[a-z0-9-]{1,32}"
              + "/(?:metadata|targets)/.+");
  private static final Pattern ENROL = Pattern.compile("/device/v1/(?:enrol|factory/.+)");
  private static final Pattern MANAGEMENT = Pattern.compile("/(?:api|actuator|catalogue)/.*");

  private final ObjectProvider<Listeners> listeners;

  ListenerValve(ObjectProvider<Listeners> listeners) {
    this.listeners = listeners;
  }

  @Override
  public void customize(TomcatServletWebServerFactory factory) {
    factory.addEngineValves(valve());
  }

  private Valve valve() {
    UnreadBody unread = new UnreadBody();
    return new ValveBase(true) {
      @Override
      public void invoke(Request request, Response response) throws IOException, ServletException {
        boolean isRefused = response.isError(); // by Tomcat, which closes the connection
        serve(request, response);
        if (!isRefused) {
          unread.drop(request, response);
        }
      }

      private void serve(Request request, Response response) throws IOException, ServletException {
        SecurityHeaders.set(request, response);
        if (response.isError()) {
          // Tomcat has refused it already, and takes no body from us: it would be waited for.
          getNext().invoke(request, response);
          return;
        }
        Optional<OpenListener> listener = listeners.getObject().of(request.getConnector());
        listener.ifPresent(l -> request.setAttribute(OpenListener.ATTRIBUTE, l));
        if (isServed(listener, request.getDecodedRequestURI())) {
          getNext().invoke(request, response);
        } else {
          refuse(response);
        }
      }
    };
  }

  static boolean isServed(Optional<OpenListener> listener, String path) {
    Pattern served =
        listener
            .map(l -> l.spec().kind() == ListenerKind.DEVICE ? DEVICE : ENROL)
            .orElse(MANAGEMENT);
    return path != null && served.matcher(path).matches();
  }

  private static void refuse(Response response) throws IOException {
    ProblemType type = ProblemType.NOT_FOUND;
    byte[] body = Problem.json(type, "nothing is served here", Map.of()).textBytes();
    response.setStatus(type.status().value());
    response.setHeader("Cache-Control", "no-store");
    response.setContentType("application/problem+json");
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
    response.finishResponse();
  }
}
