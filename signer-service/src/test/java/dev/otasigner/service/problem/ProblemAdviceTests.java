package dev.otasigner.service.problem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.service.Admin;
import dev.otasigner.service.ServiceTest;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.web.server.LocalServerPort;

/** What goes wrong is told as a problem, and never with anything of the inside. */
@ServiceTest
class ProblemAdviceTests {
  @LocalServerPort private int port;
  @Autowired private Admin.Printed printed;

  @Test
  void missingFieldIsNamed() {
    Admin.Answer answer =
        Admin.anonymous(port)
            .post("/api/v1/sessions", "{'user':'x'}")
            .expectProblem(400, "bad-request");
    assertThat(answer.text()).contains("password").doesNotContain("dev.otasigner");
  }

  @Test
  void nullInPlaceOfARequiredFieldIsRefused() {
    Admin.anonymous(port)
        .post("/api/v1/sessions", "{'user':'x','password':null}")
        .expectProblem(400, "bad-request");
  }

  @Test
  void nullInAListIsRefused() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    for (String tls :
        new String[] {
          "'versions':['TLSv1.3'],'suites':[null]",
          "'versions':['TLSv1.3'],'suites':['TLS_AES_256_GCM_SHA384'],'groups':[null]"
        }) {
      admin
          .post(
              "/api/v1/listeners",
              "{'name':'nulls','port':1,'kind':'device','tls':{" + tls + ",'serverKey':'p-384'}}")
          .expectProblem(400, "bad-request");
    }
  }

  @Test
  void unknownFieldIsRefused() {
    Admin.anonymous(port)
        .post("/api/v1/sessions", "{'user':'x','password':'y','admin':true}")
        .expectProblem(400, "bad-request");
  }

  @Test
  void whatIsNoJsonIsRefused() {
    Admin.anonymous(port).post("/api/v1/sessions", "{").expectProblem(400, "bad-request");
  }

  @Test
  void wrongMethodIsTold() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.delete("/api/v1/whoami").expectProblem(405, "method-not-allowed");
  }

  @Test
  void unknownPathIsTold() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.get("/api/v1/nothing").expectProblem(404, "not-found");
  }

  @Test
  void duplicateNameIsAConflict() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    admin.post("/api/v1/products", "{'name':'twice'}").expect(201);
    admin.post("/api/v1/products", "{'name':'twice'}").expectProblem(409, "conflict");
  }

  @Test
  void nameOfTheServicesOwnIsNoProduct() {
    Admin admin = Admin.withEveryRole(port, printed.password());
    for (String name : new String[] {"api", "device", "catalogue", "actuator"}) {
      admin.post("/api/v1/products", "{'name':'" + name + "'}").expectProblem(400, "bad-request");
    }
  }
}
