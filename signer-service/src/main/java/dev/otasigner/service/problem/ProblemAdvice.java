package dev.otasigner.service.problem;

import dev.otasigner.verifier.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.context.request.ServletWebRequest;
import org.springframework.web.context.request.WebRequest;
import org.springframework.web.servlet.mvc.method.annotation.ResponseEntityExceptionHandler;

/** The only place that turns exceptions into answers. */
@RestControllerAdvice
class ProblemAdvice extends ResponseEntityExceptionHandler {
  private static final Logger log = LoggerFactory.getLogger(ProblemAdvice.class);

  /** After which a database that was away may be back. */
  private static final long DATABASE_RETRY_SECONDS = 5;

  private final ApplicationEventPublisher events;
  private final StorageRoom storage;

  ProblemAdvice(ApplicationEventPublisher events, StorageRoom storage) {
    this.events = events;
    this.storage = storage;
  }

  @ExceptionHandler
  ResponseEntity<Object> onSignerException(SignerException thrown, HttpServletRequest request) {
    boolean failed =
        thrown.type() == ProblemType.TOKEN_UNAVAILABLE || thrown.type() == ProblemType.INTERNAL;
    SignerException e = failed && storage.isWhy(thrown) ? storage.full("") : thrown;
    HttpHeaders headers = new HttpHeaders();
    if (e.members().get("retryAfterSeconds") instanceof Json.Num wait) {
      headers.set(HttpHeaders.RETRY_AFTER, Long.toString(wait.value()));
    }
    if (e.type() == ProblemType.UNAUTHENTICATED) {
      headers.set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
    }
    return answer(e, request, headers);
  }

  /** Two requests raced for one name or number; the database let one of them win. */
  @ExceptionHandler
  ResponseEntity<Object> onDataIntegrityViolation(
      DataIntegrityViolationException e, HttpServletRequest request) {
    log.debug("constraint violated", e);
    if (DatabaseTrouble.isUnkeptText(e)) {
      return answer(
          ProblemType.BAD_REQUEST,
          "a text holds a character that no text may hold",
          Map.of(),
          request,
          new HttpHeaders());
    }
    return answer(
        ProblemType.CONFLICT,
        "something of this name is there already, or still in use",
        Map.of(),
        request,
        new HttpHeaders());
  }

  /** Two requests changed one thing at the same moment, or one of them held it for too long. */
  @ExceptionHandler({ConcurrencyFailureException.class, QueryTimeoutException.class})
  ResponseEntity<Object> onOvertaken(DataAccessException e, HttpServletRequest request) {
    if (e instanceof QueryTimeoutException
        && !DatabaseTrouble.behind(e).equals(Optional.of(DatabaseTrouble.OVERTAKEN))) {
      return onUnforeseen(e, request);
    }
    return overtaken(e, request);
  }

  private ResponseEntity<Object> overtaken(Exception e, HttpServletRequest request) {
    log.debug("overtaken", e);
    return answer(
        ProblemType.CONFLICT,
        "somebody else changed it at this moment; try again",
        Map.of(),
        request,
        new HttpHeaders());
  }

  /** Whether what was asked for is done can not be told when it went away at the very end. */
  private ResponseEntity<Object> databaseAway(Exception e, HttpServletRequest request) {
    log.debug("the database is away", e);
    return onSignerException(
        new SignerException(
            ProblemType.DATABASE_UNAVAILABLE,
            "the database does not answer, so nothing can be decided now; look whether it was done,"
                + " and ask again",
            Map.of("retryAfterSeconds", new Json.Num(DATABASE_RETRY_SECONDS))),
        request);
  }

  /** A query that is none, found when the first parameter is asked for. */
  @ExceptionHandler
  ResponseEntity<Object> onInvalidParameter(
      InvalidParameterException e, HttpServletRequest request) {
    String detail = "the query is not one of names and values";
    return answer(ProblemType.BAD_REQUEST, detail, Map.of(), request, new HttpHeaders());
  }

  /** Whatever nobody foresaw: logged under a number that the answer names, and nothing else. */
  @ExceptionHandler
  ResponseEntity<Object> onUnforeseen(Exception e, HttpServletRequest request) {
    SignerException known = signerCause(e);
    if (known != null) {
      return onSignerException(known, request);
    }
    if (storage.isWhy(e)) {
      log.warn("{} {}: the disk is full", request.getMethod(), request.getRequestURI());
      return onSignerException(storage.full(""), request);
    }
    Optional<DatabaseTrouble> trouble = DatabaseTrouble.behind(e);
    if (trouble.isPresent()) {
      return trouble.get() == DatabaseTrouble.AWAY
          ? databaseAway(e, request)
          : overtaken(e, request);
    }
    String incident = UUID.randomUUID().toString();
    log.error("incident {} at {} {}", incident, request.getMethod(), request.getRequestURI(), e);
    return answer(
        ProblemType.INTERNAL,
        "the log tells more under incident " + incident,
        Map.of("incident", new Json.Str(incident)),
        request,
        new HttpHeaders());
  }

  @Override
  protected @Nullable ResponseEntity<Object> handleExceptionInternal(
      Exception e,
      @Nullable Object body,
      HttpHeaders headers,
      HttpStatusCode status,
      WebRequest webRequest) {
    HttpServletRequest request = ((ServletWebRequest) webRequest).getRequest();
    SignerException known = signerCause(e);
    if (known != null) {
      return onSignerException(known, request);
    }
    ProblemType type = ProblemType.ofStatus(status.value());
    if (type == ProblemType.INTERNAL) {
      return onUnforeseen(e, request);
    }
    return answer(type, detail(type, e), Map.of(), request, headers);
  }

  private static String detail(ProblemType type, Exception e) {
    if (type != ProblemType.BAD_REQUEST) {
      return type.title();
    }
    // Jackson's first line names the field; the rest would show the service's classes.
    Throwable cause = e.getCause() == null ? e : e.getCause();
    if (cause instanceof tools.jackson.core.JacksonException json) {
      return json.getPath().isEmpty()
          ? "the body is not the JSON that is expected"
          : "field " + path(json) + " is not what is expected";
    }
    return "the request is incomplete or one of its values is not of the expected kind";
  }

  private static String path(tools.jackson.core.JacksonException e) {
    StringBuilder path = new StringBuilder();
    for (var step : e.getPath()) {
      String name = step.getPropertyName();
      path.append(name == null ? "[" + step.getIndex() + "]" : path.isEmpty() ? name : "." + name);
    }
    return path.toString();
  }

  private static @Nullable SignerException signerCause(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof SignerException known) {
        return known;
      }
    }
    return null;
  }

  /** The call's number, under which the log tells of it. */
  private static Map<String, Json> withInstance(Map<String, Json> members) {
    Map<String, Json> all = new LinkedHashMap<>(members);
    RequestId.current().ifPresent(id -> all.put("instance", new Json.Str("urn:ota:request:" + id)));
    return all;
  }

  private ResponseEntity<Object> answer(
      ProblemType type,
      String detail,
      Map<String, Json> members,
      HttpServletRequest request,
      HttpHeaders headers) {
    return answer(new SignerException(type, detail, members), request, headers);
  }

  private ResponseEntity<Object> answer(
      SignerException e, HttpServletRequest request, HttpHeaders headers) {
    if (e.type() != ProblemType.DATABASE_UNAVAILABLE) { // which the records are in
      record(e, request);
    }
    return ResponseEntity.status(e.type().status())
        .headers(headers)
        .contentType(MediaType.APPLICATION_PROBLEM_JSON)
        .body(Problem.json(e.type(), e.detail(), withInstance(e.members())));
  }

  private void record(SignerException e, HttpServletRequest request) {
    try {
      events.publishEvent(
          new RequestRefused(
              request.getMethod(),
              request.getRequestURI(),
              request.getRemoteAddr(),
              e.type(),
              e.detail(),
              e.reasons(),
              e.isRecorded()));
    } catch (RuntimeException unrecorded) {
      // Nothing was done that would have to be on record; whoever asked is answered all the same.
      log.warn("a refusal is not on record: {}", unrecorded.getMessage());
    }
  }
}
