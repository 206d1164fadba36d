package dev.otasigner.system.fates;

import dev.otasigner.device.enrol.Credential;
import dev.otasigner.device.enrol.FactoryLine;
import dev.otasigner.device.enrol.NewDevice;
import dev.otasigner.device.flash.Flash;
import dev.otasigner.device.lab.LabDevice;
import dev.otasigner.device.transport.Route;
import dev.otasigner.device.transport.Timeouts;
import dev.otasigner.device.transport.TlsDialer;
import dev.otasigner.device.transport.TlsDialling;
import dev.otasigner.device.transport.TlsPolicy;
import dev.otasigner.device.transport.Uplink;
import dev.otasigner.service.Admin;
import dev.otasigner.service.Console;
import dev.otasigner.service.MovingClock;
import dev.otasigner.service.SignerService;
import dev.otasigner.service.TemporaryData;
import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.Service;
import org.apache.catalina.connector.Connector;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.tomcat.TomcatWebServer;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.config.ScheduledTask;
import org.springframework.scheduling.config.ScheduledTaskHolder;

/**
 * The service as it is, in this process, by a clock that the test moves. Devices that are made here
 * go by the same clock.
 */
final class MovedService implements AutoCloseable {
  private static final String ENROL = "enrol";
  private static final int MAX_KEYS = 1 << 24;

  private final ConfigurableApplicationContext context;
  private final MovingClock clock;
  private final int enrolPort;
  private final Digest enrolAnchor;
  private final int port;
  private Admin admin;

  private MovedService(ConfigurableApplicationContext context) throws Exception {
    this.context = context;
    this.clock = context.getBean(MovingClock.class);
    this.port =
        Integer.parseInt(String.valueOf(context.getEnvironment().getProperty("local.server.port")));
    this.admin = Admin.withEveryRole(port, context.getBean(Admin.Printed.class).password());
    this.enrolPort = freePort();
    open(ENROL, ENROL, enrolPort, FleetPlan.Door.MODERN);
    this.enrolAnchor = serverAnchor();
  }

  /** What the test has in place of the service's own. */
  @Configuration(proxyBeanMethods = false)
  static class Moved {
    @Bean
    @Primary
    static MovingClock movingClock() {
      return new MovingClock();
    }

    @Bean
    static Admin.Printed printed() {
      return new Admin.Printed();
    }

    @Bean
    @Primary
    static Console printedConsole(Admin.Printed printed) {
      return printed.console();
    }
  }

  static MovedService start() throws Exception {
    SpringApplication application = new SpringApplication(SignerService.class, Moved.class);
    return new MovedService(
        application.run(
            "--signer.data=" + TemporaryData.create(),
            "--signer.access.four-eyes=false",
            "--server.port=0"));
  }

  Admin admin() {
    return admin;
  }

  Instant now() {
    return clock.instant();
  }

  /** Time passes for the service and for all devices; the service does what is due then. */
  void advance(Duration by) {
    clock.advance(by);
    admin = Admin.withEveryRole(port, "admin, known to nobody else");
    renewCatalogues();
  }

  /** What happens every minute anyway. */
  void renewCatalogues() {
    for (ScheduledTaskHolder holder : context.getBeansOfType(ScheduledTaskHolder.class).values()) {
      for (ScheduledTask task : holder.getScheduledTasks()) {
        if (task.toString().endsWith("Catalogue.renew")) {
          task.getTask().getRunnable().run();
        }
      }
    }
  }

  /** Opens a listener; returns its port. */
  int open(String name, FleetPlan.Door door) throws IOException {
    int number = freePort();
    open(name, "device", number, door);
    return number;
  }

  private void open(String name, String kind, int number, FleetPlan.Door door) {
    admin
        .post(
            "/api/v1/listeners",
            String.format(
                Locale.ROOT,
                "{'name':'%s','port':%d,'kind':'%s','tls':{'versions':['%s'],'suites':['%s'],'serverKey':'%s'}}",
                name,
                number,
                kind,
                door.version(),
                door.suite(),
                door.serverKey()))
        .expect(201);
  }

  /** Nobody is let in on this port any more, though the service believes that it listens. */
  void block(int number) throws LifecycleException {
    TomcatWebServer tomcat =
        (TomcatWebServer)
            Objects.requireNonNull(((WebServerApplicationContext) context).getWebServer());
    Service ports = tomcat.getTomcat().getService();
    for (Connector connector : ports.findConnectors()) {
      if (connector.getPort() == number) {
        ports.removeConnector(connector);
        connector.destroy();
      }
    }
  }

  /** The product's devices are gone, so that nothing speaks for its listeners. */
  void forgetDevices(String product) {
    context
        .getBean(JdbcClient.class)
        .sql("delete from fleet_device where product = ?")
        .param(product)
        .update();
  }

  /** What is announced in each lineage now. */
  List<Head> heads(String product, String channel, String hardware) {
    return context.getBean(Catalogue.class).heads(product, channel, hardware);
  }

  /** Makes a device whose flash is in memory, and enrols it. */
  LabDevice make(NewDevice device, String secret) throws IOException, RejectedException {
    TlsDialer dialer =
        new TlsDialer(
            TlsPolicy.ofFactory(enrolAnchor),
            Optional.empty(),
            clock.instant(),
            true,
            Timeouts.DEFAULT);
    try (Uplink uplink =
        new Uplink(List.of(new Route("localhost", enrolPort)), dialer, Timeouts.DEFAULT)) {
      Flash flash =
          FactoryLine.open(uplink, device)
              .make(uplink, device, new Credential.OneTimeSecret(secret), Optional.empty());
      return LabDevice.in(
          flash, new TlsDialling(Map.of(), Timeouts.DEFAULT).pausing(pause -> {}), clock);
    }
  }

  private Digest serverAnchor() throws RejectedException {
    Json.Arr keys =
        (Json.Arr)
            JsonReader.read(admin.get("/api/v1/keys").expect(200).body().toByteArray(), MAX_KEYS);
    for (Json item : keys.items()) {
      Fields key = new Fields((Json.Obj) item, "");
      if (key.string("purpose").equals("server-tls")
          && key.string("suite").startsWith("ecdsa-p384")) {
        return key.digest("keyId");
      }
    }
    throw new IllegalStateException("the service has no authority on P-384");
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
