package dev.otasigner.service.problem;

import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.apache.coyote.ActionCode;
import org.jspecify.annotations.Nullable;

/**
 * Says in our words what Tomcat refuses before the application sees it, such as a path with an
 * encoded slash: Tomcat's own answer is a page of HTML. Public, for Tomcat makes it by name.
 */
public final class ProblemReport extends ErrorReportValve {
  static final String DETAIL = "the request is not one that this server takes";

  @Override
  protected void report(Request request, Response response, @Nullable Throwable throwable) {
    int status = response.getStatus();
    if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
      return;
    }
    AtomicBoolean isOpen = new AtomicBoolean();
    response.getCoyoteResponse().action(ActionCode.IS_IO_ALLOWED, isOpen);
    if (!isOpen.get()) {
      return;
    }
    ProblemType type = ProblemType.ofStatus(status);
    byte[] body =
        Problem.json(
                type,
                type.status().is5xxServerError() ? type.title() : DETAIL,
                Map.<String, Json>of())
            .textBytes();
    try {
      response.setStatus(type.status().value());
      response.setContentType("application/problem+json");
      response.setContentLength(body.length);
      response.getOutputStream().write(body);
      response.finishResponse();
    } catch (IOException e) {
      container.getLogger().debug("nobody hears the refusal", e);
    }
  }
}
