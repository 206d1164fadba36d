package dev.otasigner.service.openapi;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The check of answers notices what it is there to notice. */
class ConformanceTests {
  private static final String JSON = "application/json";
  private static final String WHO = "{'kind':'user','name':'a','roles':['auditor']}";

  @Test
  void answerOfTheDocumentPasses() {
    assertThatCode(() -> check(200, JSON, WHO)).doesNotThrowAnyException();
  }

  @Test
  void memberThatIsMissingIsNoticed() {
    assertThatThrownBy(() -> check(200, JSON, "{'kind':'user','name':'a'}"))
        .hasMessageContaining("$.roles: this member is required");
  }

  @Test
  void memberThatIsNotDescribedIsNoticed() {
    assertThatThrownBy(() -> check(200, JSON, WHO.replace("}", ",'more':1}")))
        .hasMessageContaining("$.more: the document has no such member");
  }

  @Test
  void wordOutsideTheListIsNoticed() {
    assertThatThrownBy(() -> check(200, JSON, WHO.replace("'user'", "'king'")))
        .hasMessageContaining("$.kind: king is no word of the list");
  }

  @Test
  void valueOfAnotherTypeIsNoticed() {
    assertThatThrownBy(() -> check(200, JSON, WHO.replace("'a'", "7")))
        .hasMessageContaining("$.name: a string is expected");
  }

  @Test
  void statusThatIsNotListedIsNoticed() {
    assertThatThrownBy(() -> check(202, JSON, WHO))
        .hasMessageContaining("does not list this status");
  }

  @Test
  void otherMediaTypeIsNoticed() {
    assertThatThrownBy(() -> check(200, "text/plain", WHO)).hasMessageContaining("document lists");
  }

  @Test
  void refusalThatIsNoProblemIsNoticed() {
    assertThatThrownBy(() -> check(401, "text/html", "<html>"))
        .hasMessageContaining("a refusal is application/problem+json");
  }

  @Test
  void problemThatTheCallMayNotAnswerIsNoticed() {
    assertThatThrownBy(
            () ->
                check(
                    403,
                    "application/problem+json",
                    "{'type':'urn:ota:problem:unknown-device','title':'t','status':403,"
                        + "'detail':'d'}"))
        .hasMessageContaining("does not list urn:ota:problem:unknown-device");
  }

  @Test
  void stackTraceIsNoticed() {
    assertThatThrownBy(
            () ->
                check(
                    403,
                    "application/problem+json",
                    "{'type':'urn:ota:problem:forbidden','title':'t','status':403,"
                        + "'detail':'java.lang.NullPointerException'}"))
        .hasMessageContaining("shows the service's inside");
  }

  private static void check(int status, String contentType, String body) {
    Conformance.check(
        "GET",
        "/api/v1/whoami",
        status,
        contentType,
        body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }
}
