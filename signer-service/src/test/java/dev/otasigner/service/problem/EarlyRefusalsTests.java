package dev.otasigner.service.problem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/**
 * What is refused before a controller sees it: a problem like any other, or, where the server reads
 * no request at all, a bare status. Never a page of HTML, a version or a stack trace.
 */
@ServiceTest
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EarlyRefusalsTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  private String token = "";

  @BeforeAll
  void signIn() {
    token = Admin.withEveryRole(port, printed.password()).token();
  }

  @Test
  void encodedSlashInAPathIsAProblem() {
    expect(request("GET", "/api/v1/keys/a%2fb", ""), 400, "bad-request");
  }

  @Test
  void encodedBackslashInAPathIsAProblem() {
    expect(request("GET", "/api/v1/keys/a%5cb", ""), 400, "bad-request");
  }

  @Test
  void encodedNulInAPathIsAProblem() {
    expect(request("GET", "/api/v1/keys/a%00b", ""), 400, "bad-request");
  }

  @Test
  void halfAnEscapeInAPathIsAProblem() {
    expect(request("GET", "/api/v1/keys/a%2", ""), 400, "bad-request");
  }

  @Test
  void pathThatClimbsOutOfTheApiIsNotServed() {
    expect(request("GET", "/api/v1/../../etc/passwd", ""), 404, "not-found");
    expect(request("GET", "/api/v1/%2e%2e/%2e%2e/etc/passwd", ""), 404, "not-found");
    expect(request("GET", "/../../etc/passwd", ""), 400, "bad-request");
    expect(request("GET", "/catalogue/../x", ""), 404, "not-found");
  }

  @Test
  void pathWithParametersIsAProblem() {
    expect(request("GET", "/api/v1;a=b/keys", ""), 400, "bad-request");
  }

  @Test
  void queryThatIsNoneIsAProblem() {
    expect(request("GET", "/api/v1/audit?=x", ""), 400, "bad-request");
    expect(request("GET", "/api/v1/audit?from=%zz", ""), 400, "bad-request");
  }

  @Test
  void unknownMethodIsAProblem() {
    expect(request("JUMP", "/api/v1/keys", ""), 400, "bad-request");
    expect(request("TRACE", "/api/v1/keys", ""), 405, "method-not-allowed");
  }

  @Test
  void wrongMethodSaysWhichAreAllowed() {
    String answer = request("DELETE", "/api/v1/keys", "");
    expect(answer, 405, "method-not-allowed");
    assertThat(answer).containsPattern("\r\nAllow: (GET,\\s?POST|POST,\\s?GET)\r\n");
  }

  @Test
  void kindThatNobodyOffersIsNotAcceptable() {
    expect(request("GET", "/api/v1/keys", "Accept: image/png\r\n"), 406, "not-acceptable");
  }

  @Test
  void bodyOfNoKindIsUnsupported() {
    expect(post("Content-Type: */*\r\n", "{}"), 415, "unsupported-media-type");
    expect(post("Content-Type: json\r\n", "{}"), 415, "unsupported-media-type");
    expect(post("Content-Type: text/xml\r\n", "{}"), 415, "unsupported-media-type");
  }

  @Test
  void unknownCharsetIsRefused() {
    expect(
        post("Content-Type: application/json;charset=none\r\n", "{}"),
        415,
        "unsupported-media-type");
  }

  @Test
  void multipartIsUnsupported() {
    expect(
        post("Content-Type: multipart/form-data; boundary=x\r\n", "--x\r\n\r\nhello\r\n--x--\r\n"),
        415,
        "unsupported-media-type");
  }

  @Test
  void compressedBodyIsUnsupported() {
    expect(
        post("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", "\u001f\u008b"),
        415,
        "unsupported-media-type");
  }

  @Test
  void compressedUploadIsUnsupported() {
    String answer =
        RawHttp.exchange(
            port,
            head("PUT", "/api/v1/payloads", "Content-Encoding: gzip\r\nContent-Length: 2\r\n")
                + "\u001f\u008b");
    expect(answer, 415, "unsupported-media-type");
  }

  @Test
  void declaredLengthOverTheLimitIsTooLarge() {
    String answer =
        RawHttp.exchange(
            port,
            head(
                "POST",
                "/api/v1/keys",
                "Content-Type: application/json\r\nContent-Length: 99999999999\r\n"));
    expect(answer, 413, "too-large");
  }

  @Test
  void chunksOverTheLimitAreTooLarge() {
    String chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n";
    String answer =
        RawHttp.exchange(
            port,
            head(
                "POST",
                "/api/v1/products",
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"),
            chunk.repeat(20),
            "0\r\n\r\n");
    expect(answer, 413, "too-large");
  }

  @Test
  void chunksThatAreNoneAreRefused() {
    String answer =
        RawHttp.exchange(
            port,
            head(
                "POST",
                "/api/v1/products",
                "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"),
            "zz\r\n{}\r\n0\r\n\r\n");
    expect(answer, 400, "bad-request");
  }

  @Test
  void bodyThatEndsEarlyIsRefused() {
    // The answer is read by nobody in real life; what counts is that it is no failure of ours.
    String answer =
        post("Content-Type: application/json\r\n", "{\"name\":\"half", "Content-Length: 13\r\n");
    expect(answer, 400, "bad-request");
  }

  @Test
  void twoLengthsAreRefused() {
    bare(
        raw(
            "POST /api/v1/sessions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        400);
  }

  @Test
  void unknownTransferEncodingIsRefused() {
    bare(raw("POST /api/v1/sessions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: magic\r\n\r\n"), 400);
  }

  @Test
  void requestWithoutHostIsRefused() {
    bare(raw("GET /api/v1/keys HTTP/1.1\r\n\r\n"), 400);
  }

  @Test
  void hostThatIsNoneIsRefused() {
    bare(raw("GET /api/v1/keys HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
  }

  @Test
  void whatIsNoRequestLineIsRefused() {
    bare(raw("\u0016\u0003\u0001 hello\r\n\r\n"), 400);
    bare(raw("GET /<script> HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    bare(raw("GET / HTTP/7.3\r\nHost: a\r\n\r\n"), 400);
  }

  @Test
  void lineThatIsTooLongIsRefused() {
    bare(raw("GET /" + "a".repeat(40_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
  }

  @Test
  void headersThatAreTooLongAreRefused() {
    bare(raw("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a".repeat(40_000) + "\r\n\r\n"), 400);
  }

  @Test
  void headersThatAreTooManyAreRefused() {
    bare(raw("GET / HTTP/1.1\r\nHost: a\r\n" + "X: a\r\n".repeat(500) + "\r\n"), 400);
  }

  @Test
  void rangeThatAFileDoesNotHaveIsRefusedWithoutTheFile() {
    String answer = request("GET", "/api/v1/openapi.json", "Range: bytes=99999999-\r\n");
    expect(answer, 416, "range-not-satisfiable");
    assertThat(answer).doesNotContain("operationId");
  }

  private String request(String method, String path, String headers) {
    return RawHttp.exchange(port, head(method, path, headers));
  }

  private String post(String headers, String body) {
    return post(headers, body, "Content-Length: " + body.length() + "\r\n");
  }

  private String post(String headers, String body, String length) {
    return RawHttp.exchange(port, head("POST", "/api/v1/products", headers + length) + body);
  }

  private String head(String method, String path, String headers) {
    return method
        + " "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer "
        + token
        + "\r\n"
        + headers
        + "\r\n";
  }

  private String raw(String text) {
    return RawHttp.exchange(port, text);
  }

  private static void expect(String answer, int status, String code) {
    assertThat(answer)
        .startsWith("HTTP/1.1 " + status + " ")
        .contains("application/problem+json")
        .contains("urn:ota:problem:" + code + "\"");
    requireNothingOfTheInside(answer);
  }

  /** Refused before there is a request: no words, or a problem. */
  private static void bare(String answer, int status) {
    assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
    assertThat(answer.endsWith("\r\n\r\n") || answer.contains("urn:ota:problem:"))
        .as(answer)
        .isTrue();
    requireNothingOfTheInside(answer);
  }

  private static void requireNothingOfTheInside(String answer) {
    assertThat(answer)
        .doesNotContainIgnoringCase("tomcat")
        .doesNotContainIgnoringCase("<html")
        .doesNotContain("\r\nServer:")
        .doesNotContain("dev.otasigner")
        .doesNotContain("Exception")
        .doesNotContain("\tat ");
  }
}
