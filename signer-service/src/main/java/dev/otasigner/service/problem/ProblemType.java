package dev.otasigner.service.problem;

import java.util.Locale;
import org.springframework.http.HttpStatus;

/**
 * The closed list of problems, each with its HTTP status. On the wire the type is {@code
 * urn:ota:problem:} and the constant's name in lower case with hyphens. Every one is explained in
 * {@code docs/reference/problems.md}; a test compares.
 */
public enum ProblemType {
  BAD_REQUEST(HttpStatus.BAD_REQUEST, "The request is not understood"),
  UNAUTHENTICATED(HttpStatus.UNAUTHORIZED, "Sign in first"),
  WRONG_CREDENTIALS(HttpStatus.UNAUTHORIZED, "User or password is wrong"),
  TOO_MANY_ATTEMPTS(HttpStatus.TOO_MANY_REQUESTS, "Too many failed attempts"),
  TOO_MANY_REQUESTS(HttpStatus.TOO_MANY_REQUESTS, "Too much at a time"),
  FORBIDDEN(HttpStatus.FORBIDDEN, "Not allowed"),
  PASSWORD_CHANGE_DUE(HttpStatus.FORBIDDEN, "The one-time password is to be changed first"),
  NOT_FOUND(HttpStatus.NOT_FOUND, "Not found"),
  METHOD_NOT_ALLOWED(HttpStatus.METHOD_NOT_ALLOWED, "This path does not take the method"),
  NOT_ACCEPTABLE(HttpStatus.NOT_ACCEPTABLE, "No representation of the wanted kind"),
  UNSUPPORTED_MEDIA_TYPE(HttpStatus.UNSUPPORTED_MEDIA_TYPE, "This kind of body is not taken"),
  TOO_SLOW(HttpStatus.REQUEST_TIMEOUT, "The body comes too slowly"),
  TOO_LARGE(HttpStatus.CONTENT_TOO_LARGE, "The body is too large"),
  DIGEST_MISMATCH(HttpStatus.UNPROCESSABLE_CONTENT, "The bytes have another digest"),
  RANGE_NOT_SATISFIABLE(HttpStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "The file has no such part"),
  CONFLICT(HttpStatus.CONFLICT, "Conflicts with what is there"),
  REFUSED(HttpStatus.UNPROCESSABLE_CONTENT, "Refused by the device's own judgement"),
  WOULD_STRAND(HttpStatus.CONFLICT, "Would strand devices"),
  KEY_NOT_USABLE(HttpStatus.CONFLICT, "The key can not be used for this"),
  APPROVAL_MISSING(HttpStatus.CONFLICT, "Approvals are missing"),
  ISSUER_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE, "The issuer's keys can not be had"),
  TOKEN_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE, "The token does not answer"),
  DATABASE_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE, "The database does not answer"),
  ENROLMENT_REFUSED(HttpStatus.FORBIDDEN, "Not enrolled"),
  UNKNOWN_DEVICE(HttpStatus.FORBIDDEN, "The certificate is no enrolled device's"),
  CERTIFICATE_EXPIRED(HttpStatus.FORBIDDEN, "The device's certificate has expired"),
  STALE_SEQUENCE(HttpStatus.CONFLICT, "The check-in is not newer than the last one"),
  NOT_ANNOUNCED(HttpStatus.INTERNAL_SERVER_ERROR, "Decided, and not yet announced"),
  QUOTA_EXCEEDED(HttpStatus.CONFLICT, "The product's payloads take all the room they may"),
  STORAGE_FULL(HttpStatus.INSUFFICIENT_STORAGE, "The service's disk is full"),
  INTERNAL(HttpStatus.INTERNAL_SERVER_ERROR, "The service failed");

  private final HttpStatus status;
  private final String title;

  ProblemType(HttpStatus status, String title) {
    this.status = status;
    this.title = title;
  }

  /** What a server says of a status that nothing more is known of. */
  static ProblemType ofStatus(int status) {
    return switch (status) {
      case 404 -> NOT_FOUND;
      case 405 -> METHOD_NOT_ALLOWED;
      case 406 -> NOT_ACCEPTABLE;
      case 408 -> TOO_SLOW;
      case 413 -> TOO_LARGE;
      case 416 -> RANGE_NOT_SATISFIABLE;
      case 415 -> UNSUPPORTED_MEDIA_TYPE;
      case 501, 505 -> BAD_REQUEST; // of the protocol, and so of whoever speaks it
      default -> status < 500 ? BAD_REQUEST : INTERNAL;
    };
  }

  public HttpStatus status() {
    return status;
  }

  public String title() {
    return title;
  }

  /** The part of the type that names this problem, such as {@code would-strand}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  public String uri() {
    return "urn:ota:problem:" + code();
  }
}
