package dev.otasigner.service.listeners;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.fleet.FleetFixture;
import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.json.Json;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;
import org.springframework.test.context.ContextConfiguration;

/** A guard that knows a device in need keeps the listener open. */
@SpringBootTest(webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT)
@ContextConfiguration(initializers = TemporaryData.class)
@Import({FleetFixture.class, ListenerGuardTests.Guarded.class})
class ListenerGuardTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  @TestConfiguration(proxyBeanMethods = false)
  static class Guarded {
    @Bean
    ListenerGuard guard() {
      return listener -> {
        if (listener.name().equals("needed")) {
          throw new SignerException(
              ProblemType.WOULD_STRAND,
              "one device would be cut off",
              Map.of(
                  "impact", Json.object().put("allowed", false).put("cohorts", List.of()).build()));
        }
      };
    }
  }

  @Test
  void listenerThatADeviceNeedsStaysOpenAndTheImpactIsTold() throws Exception {
    Admin admin = Admin.withEveryRole(port, printed.password());
    for (String name : new String[] {"needed", "unused"}) {
      admin
          .post(
              "/api/v1/listeners",
              "{'name':'"
                  + name
                  + "','port':"
                  + FleetFixture.freePort()
                  + ",'kind':'enrol','tls':{'versions':['TLSv1.3'],"
                  + "'suites':['TLS_AES_256_GCM_SHA384'],'serverKey':'p-384'}}")
          .expect(201);
    }
    Admin.Answer refused =
        admin.post("/api/v1/listeners/needed/close", "{}").expectProblem(409, "would-strand");
    assertThat(refused.json().object("impact").bool("allowed")).isFalse();
    admin.post("/api/v1/listeners/unused/close", "{}").expect(200);
    assertThat(admin.get("/api/v1/listeners").text()).contains("needed").doesNotContain("unused");
  }
}
