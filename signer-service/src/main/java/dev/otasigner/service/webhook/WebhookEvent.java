package dev.otasigner.service.webhook;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The closed list of what receivers are told. */
enum WebhookEvent {
  APPROVAL_WAITING("approval.waiting"),
  SIGNING_FAILED("signing.failed"),
  RELEASE_HALTED("release.halted"),
  END_NEAR("end.near"),
  END_ALARM("end.alarm"),
  HANDSHAKE_FAILED("handshake.failed"),
  SERVICE_FAILING("service.failing"),
  SERVICE_WELL("service.well"),
  /** What an administrator asks for, to see whether it arrives; told whatever was chosen. */
  TEST("test");

  private final String code;

  WebhookEvent(String code) {
    this.code = code;
  }

  String code() {
    return code;
  }

  /** Those of a list of codes; all when it is empty. */
  static Set<WebhookEvent> of(List<String> codes) {
    if (codes.isEmpty()) {
      return EnumSet.complementOf(EnumSet.of(TEST));
    }
    return codes.stream()
        .map(
            code ->
                Arrays.stream(values())
                    .filter(event -> event.code.equals(code))
                    .findFirst()
                    .orElseThrow(
                        () ->
                            new SignerException(
                                ProblemType.BAD_REQUEST, "events: none is called '" + code + "'")))
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(WebhookEvent.class)));
  }
}
