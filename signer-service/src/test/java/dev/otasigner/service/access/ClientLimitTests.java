package dev.otasigner.service.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.mock.web.MockHttpServletRequest;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.context.SecurityContextHolder;

class ClientLimitTests {
  private final List<String> refused = new ArrayList<>();
  private final ClientLimit limit =
      new ClientLimit(
          path -> path.startsWith("/api/v1/payloads"),
          label -> label.startsWith("api-key:") ? "user:alice" : label,
          (request, response, handler, e) -> {
            assertThat(e)
                .isInstanceOfSatisfying(
                    SignerException.class,
                    refusal -> {
                      assertThat(refusal.type()).isEqualTo(ProblemType.TOO_MANY_REQUESTS);
                      assertThat(refusal.members()).containsKey("retryAfterSeconds");
                    });
            refused.add(String.valueOf(e.getMessage()));
            return null;
          });
  private int most;

  @AfterEach
  void nobody() {
    SecurityContextHolder.clearContext();
  }

  /** Each request sends the next one before it is answered. */
  private void nested(int depth, String path, String address, @Nullable String user) {
    if (depth == 0) {
      return;
    }
    SecurityContextHolder.clearContext();
    if (user != null) {
      Actor actor = new Actor(Actor.Kind.USER, user, Rights.everywhere(Set.of(Role.PIPELINE)));
      SecurityContextHolder.getContext()
          .setAuthentication(
              UsernamePasswordAuthenticationToken.authenticated(actor, null, List.of()));
    }
    MockHttpServletRequest request = new MockHttpServletRequest("PUT", path);
    request.setRemoteAddr(address);
    try {
      limit.doFilter(
          request,
          new MockHttpServletResponse(),
          (q, a) -> {
            most++;
            nested(depth - 1, path, address, user);
          });
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static final String ANY = "/api/v1/whoami";
  private static final String UPLOAD = "/api/v1/payloads";

  @Test
  void actorKeepsNoMoreThanItsShareBusy() {
    nested(ClientLimit.PER_ACTOR, ANY, "a", "alice");
    assertThat(refused).isEmpty();
    nested(ClientLimit.PER_ACTOR + 1, ANY, "a", "alice");
    assertThat(refused).hasSize(1);
    assertThat(most).isEqualTo(2 * ClientLimit.PER_ACTOR);
  }

  @Test
  void whoeverWaitsForTheAnswersMaySendAsManyAsTheyLike() {
    for (int i = 0; i < 10 * ClientLimit.PER_ACTOR; i++) {
      nested(1, ANY, "a", "alice");
    }
    assertThat(refused).isEmpty();
  }

  @Test
  void addressOfNobodyKeepsLessBusy() {
    nested(ClientLimit.PER_ADDRESS + 1, "/api/v1/sessions", "a", null);
    assertThat(refused).hasSize(1);
  }

  /** Else each key that somebody makes is a further share. */
  @Test
  void personsApiKeysShareThePersonsShare() {
    nestedAs(0);
    assertThat(refused).hasSize(1);
    assertThat(most).isEqualTo(ClientLimit.PER_ACTOR);
  }

  private void nestedAs(int number) {
    if (number > ClientLimit.PER_ACTOR) {
      return;
    }
    Actor.Kind kind = number == 0 ? Actor.Kind.USER : Actor.Kind.API_KEY;
    String name = number == 0 ? "alice" : "key-" + number;
    Actor actor = new Actor(kind, name, Rights.everywhere(Set.of(Role.PIPELINE)));
    SecurityContextHolder.clearContext();
    SecurityContextHolder.getContext()
        .setAuthentication(
            UsernamePasswordAuthenticationToken.authenticated(actor, null, List.of()));
    send(new MockHttpServletRequest("GET", ANY), () -> nestedAs(number + 1));
  }

  private void send(MockHttpServletRequest request, Runnable meanwhile) {
    try {
      limit.doFilter(
          request,
          new MockHttpServletResponse(),
          (q, a) -> {
            most++;
            meanwhile.run();
          });
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private void nestedFrom(String network, int number, int end) {
    if (number == end) {
      return;
    }
    SecurityContextHolder.clearContext();
    MockHttpServletRequest request = new MockHttpServletRequest("GET", ANY);
    request.setRemoteAddr(network + number);
    send(request, () -> nestedFrom(network, number + 1, end));
  }

  @Test
  void addressesTogetherLeaveThreadsForThoseWhoAreKnown() {
    nestedFrom("192.0.2.", 0, ClientLimit.ADDRESSES + 1);
    assertThat(refused).containsExactly("too many requests without a token at a time");
    assertThat(most).isEqualTo(ClientLimit.ADDRESSES);
    nestedFrom("192.0.2.", 0, ClientLimit.ADDRESSES);
    assertThat(refused).hasSize(1);
  }

  @Test
  void addressesOfOneIpv6NetworkShareAShare() {
    nestedFrom("2001:db8:1:2::", 0, ClientLimit.PER_ADDRESS + 1);
    assertThat(refused).hasSize(1);
    assertThat(most).isEqualTo(ClientLimit.PER_ADDRESS);
  }

  /** The address of a proxy is that of everybody behind it. */
  @Test
  void actorsBehindOneAddressHaveAShareEach() {
    SecurityContextHolder.clearContext();
    MockHttpServletRequest request = new MockHttpServletRequest("GET", ANY);
    request.setRemoteAddr("proxy");
    nestedThen(ClientLimit.PER_ADDRESS, () -> nested(ClientLimit.PER_ACTOR, ANY, "proxy", "alice"));
    assertThat(refused).isEmpty();
    nestedThen(ClientLimit.PER_ADDRESS, () -> nested(1, ANY, "elsewhere", null));
    assertThat(refused).isEmpty();
  }

  private void nestedThen(int depth, Runnable last) {
    SecurityContextHolder.clearContext();
    if (depth == 0) {
      last.run();
      return;
    }
    MockHttpServletRequest request = new MockHttpServletRequest("GET", ANY);
    request.setRemoteAddr("proxy");
    try {
      limit.doFilter(request, new MockHttpServletResponse(), (q, a) -> nestedThen(depth - 1, last));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void actorUploadsFewFilesAtATime() {
    nested(ClientLimit.UPLOADS_PER_ACTOR + 1, UPLOAD, "a", "alice");
    assertThat(refused).containsExactly("too many uploads at a time");
    assertThat(most).isEqualTo(ClientLimit.UPLOADS_PER_ACTOR);
    nested(ClientLimit.UPLOADS_PER_ACTOR, UPLOAD, "a", "alice");
    assertThat(refused).hasSize(1);
  }

  @Test
  void uploadsOfAllLeaveThreadsForTheRest() throws Exception {
    uploadAs(0);
    assertThat(refused).containsExactly("too many uploads of all clients at a time");
    assertThat(most).isEqualTo(ClientLimit.UPLOADS);
  }

  private void uploadAs(int number) {
    if (number > ClientLimit.UPLOADS) {
      return;
    }
    SecurityContextHolder.clearContext();
    Actor actor =
        new Actor(Actor.Kind.USER, "u" + number, Rights.everywhere(Set.of(Role.PIPELINE)));
    SecurityContextHolder.getContext()
        .setAuthentication(
            UsernamePasswordAuthenticationToken.authenticated(actor, null, List.of()));
    try {
      limit.doFilter(
          new MockHttpServletRequest("PUT", UPLOAD),
          new MockHttpServletResponse(),
          (q, a) -> {
            most++;
            uploadAs(number + 1);
          });
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  /** Else a request that failed would be counted for ever. */
  @Test
  void requestThatFailsIsOver() {
    for (int i = 0; i <= ClientLimit.PER_ADDRESS; i++) {
      try {
        limit.doFilter(
            new MockHttpServletRequest("GET", ANY),
            new MockHttpServletResponse(),
            (q, a) -> {
              throw new IllegalStateException("as it happens");
            });
      } catch (Exception e) {
        assertThat(e).hasMessage("as it happens");
      }
    }
    assertThat(refused).isEmpty();
  }
}
