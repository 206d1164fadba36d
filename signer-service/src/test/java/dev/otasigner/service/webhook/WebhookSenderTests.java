package dev.otasigner.service.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.otasigner.service.ServiceTest;
import dev.otasigner.service.access.Actor;
import dev.otasigner.service.audit.AuditLog;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

/** What a failure before a call's beginning does to the calls after it. */
@ServiceTest
class WebhookSenderTests {
  @Autowired private WebhookSecrets secrets;
  @Autowired private AuditLog audit;
  @Autowired private JdbcClient jdbc;
  @Autowired private TransactionTemplate transaction;

  private final Webhook hook =
      new Webhook(
          UUID.randomUUID(),
          "one",
          URI.create("http://127.0.0.1:1/hook"),
          Set.of(),
          Instant.EPOCH,
          "user:test");

  @AfterEach
  void forgetTheSecret() {
    secrets.delete(hook.id());
  }

  /** One receiver, to whom something is always due; the database fails the first time. */
  private final class Store extends WebhookStore {
    final CountDownLatch attempted = new CountDownLatch(1);
    final CountDownLatch delivered = new CountDownLatch(1);
    Webhook hook = WebhookSenderTests.this.hook;
    int asked;
    boolean failsFirst;

    Store() {
      super(jdbc);
    }

    @Override
    List<Webhook> all() {
      return List.of(hook);
    }

    @Override
    Optional<Delivery> due(UUID webhook, Instant now) {
      if (asked++ == 0 && failsFirst) {
        throw new QueryTimeoutException("the database is busy");
      }
      return Optional.of(new Delivery(UUID.randomUUID(), webhook, "test", "{}", 0));
    }

    @Override
    void done(UUID delivery) {
      delivered.countDown();
    }

    @Override
    void again(UUID delivery, int attempts, Instant at, String failure) {
      attempted.countDown();
    }
  }

  @Test
  void aReceiverIsCalledAfterTheDatabaseFailedOnce() throws Exception {
    secrets.create(hook.id());
    Store store = new Store();
    store.failsFirst = true;
    WebhookSender sender = new WebhookSender(store, secrets, audit, transaction, Clock.systemUTC());
    sender.send();
    assertThat(store.attempted.getCount()).isEqualTo(1);
    sender.send();
    assertThat(store.attempted.await(20, TimeUnit.SECONDS)).as("called").isTrue();
    sender.stop();
  }

  @Test
  void aReceiverIsAskedAboutAgainAfterNoThreadTookItsCall() {
    Store store = new Store();
    WebhookSender sender = new WebhookSender(store, secrets, audit, transaction, Clock.systemUTC());
    sender.stop();
    sender.send();
    sender.send();
    assertThat(store.asked).isEqualTo(2);
  }

  /** An audit log that cannot be written. */
  private static final class Broken implements AuditLog {
    @Override
    public void record(Actor actor, String action, String subject, Map<String, String> details) {
      throw new QueryTimeoutException("the database is busy");
    }

    @Override
    public void writeOut() {
      throw new QueryTimeoutException("the database is busy");
    }

    @Override
    public byte[] checkpoint() {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void aCallIsNotGivenUpWithoutItsRecord() {
    WebhookStore real = new WebhookStore(jdbc);
    secrets.create(hook.id());
    real.insert(hook);
    try {
      int last = WebhookSender.PAUSES.size();
      WebhookStore.Delivery delivery =
          new WebhookStore.Delivery(UUID.randomUUID(), hook.id(), "test", "{}", last);
      real.enqueue(delivery, Instant.parse("2999-01-01T00:00:00Z")); // due to nobody but this test
      WebhookSender sender =
          new WebhookSender(real, secrets, new Broken(), transaction, Clock.systemUTC());
      assertThatThrownBy(() -> sender.deliver(hook, delivery))
          .isInstanceOf(QueryTimeoutException.class);
      assertThat(real.standing(hook.id()).waiting()).isEqualTo(1);
    } finally {
      real.delete(hook.id());
    }
  }

  @Test
  void whatAReceiverThatIsGoneWasToBeToldHindersNobody() {
    WebhookStore real = new WebhookStore(jdbc);
    UUID gone = UUID.randomUUID();
    real.enqueue(
        new WebhookStore.Delivery(UUID.randomUUID(), gone, "test", "{}", 0), Instant.EPOCH);
    assertThat(real.standing(gone).waiting()).isZero();
  }

  /** It would look the name up anew that was checked, and hear what is told. */
  @Test
  void noProxyIsUsed() throws Exception {
    secrets.create(hook.id());
    HttpServer receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        http -> {
          http.sendResponseHeaders(204, -1);
          http.close();
        });
    receiver.start();
    Store store = new Store();
    URI url = URI.create("http://127.0.0.1:" + receiver.getAddress().getPort() + "/");
    store.hook =
        new Webhook(hook.id(), hook.name(), url, Set.of(), hook.created(), hook.createdBy());
    ProxySelector before = ProxySelector.getDefault();
    ProxySelector.setDefault(
        ProxySelector.of(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1)));
    try {
      WebhookSender sender =
          new WebhookSender(store, secrets, audit, transaction, Clock.systemUTC());
      sender.send();
      assertThat(store.delivered.await(20, TimeUnit.SECONDS)).as("delivered").isTrue();
      sender.stop();
    } finally {
      ProxySelector.setDefault(before);
      receiver.stop(0);
    }
  }
}
