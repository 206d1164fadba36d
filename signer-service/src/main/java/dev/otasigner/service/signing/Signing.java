package dev.otasigner.service.signing;

import dev.otasigner.service.Milestones;
import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.audit.AuditLog;
import dev.otasigner.service.watch.Metrics;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.transaction.support.TransactionTemplate;

/** Puts signing together, and goes on with what a crash has stopped. */
@Configuration(proxyBeanMethods = false)
class Signing {

  @Bean
  static PayloadStore payloadStore(
      ServiceDirectories directories,
      @Value("${signer.payloads.max-bytes:4294967296}") long maxBytes)
      throws IOException {
    return new PayloadStore(directories.payloads(), maxBytes);
  }

  @Bean
  static PartialUploads partialUploads(PayloadStore payloads, Milestones milestones, Clock clock)
      throws IOException {
    return new PartialUploads(payloads, milestones, clock);
  }

  @Bean
  static UploadRows uploads(
      JdbcClient jdbc,
      TransactionTemplate transactions,
      PayloadStore payloads,
      Milestones milestones,
      Clock clock,
      @Value("${signer.payloads.quota-bytes:274877906944}") long quotaBytes) {
    return new UploadRows(jdbc, transactions, payloads, milestones, clock, quotaBytes);
  }

  @Bean
  static UnusedPayloads unusedPayloads(
      UploadRows uploads,
      Metrics metrics,
      Clock clock,
      @Value("${signer.payloads.unused-days:30}") int days) {
    return new UnusedPayloads(uploads, metrics, clock, Duration.ofDays(Math.max(1, days)));
  }

  @Bean
  static Builds builds(
      BuildStore store,
      JdbcClient jdbc,
      UploadRows uploads,
      PayloadStore payloads,
      FleetFacts fleet,
      TransactionTemplate transactions) {
    Builds builds =
        new Builds(store, new BuildLines(jdbc), new FileUse(jdbc), uploads, payloads, fleet);
    transactions.executeWithoutResult(status -> builds.fillIn());
    return builds;
  }

  @Bean
  static PopulationJudgement populationJudgement(FleetFacts fleet) {
    return new PopulationJudgement(fleet);
  }

  @Bean
  static RequestLedger requestLedger(
      TransactionTemplate transactions,
      SigningRequestStore requests,
      SigningAttemptStore attempts,
      Builds builds,
      AuditLog audit) {
    return new RequestLedger(transactions, requests, attempts, builds, audit);
  }

  @Bean
  static RequestApprovals requestApprovals(
      FleetFacts fleet,
      RequestApprovalStore store,
      SigningKeys keys,
      TransactionTemplate transactions,
      AuditLog audit) {
    return new RequestApprovals(fleet, store, keys, transactions, audit);
  }

  @Bean
  static SigningCycle signingCycle(
      RequestLedger ledger,
      RequestApprovals approvals,
      FleetFacts fleet,
      SigningKeys keys,
      Builds builds,
      PayloadStore payloads,
      Milestones milestones,
      Clock clock) {
    return new SigningCycle(ledger, approvals, fleet, keys, builds, payloads, milestones, clock);
  }

  @Bean
  static BareDigests bareDigests(
      FleetFacts fleet,
      SigningKeys keys,
      BareDigestStore store,
      TransactionTemplate transactions,
      AuditLog audit,
      Milestones milestones,
      Clock clock) {
    return new BareDigests(fleet, keys, store, transactions, audit, milestones, clock);
  }

  @Bean
  static BuildRegistration buildRegistration(
      FleetFacts fleet,
      SigningKeys keys,
      Builds builds,
      PayloadStore payloads,
      TransactionTemplate transactions,
      AuditLog audit,
      Milestones milestones,
      Clock clock) {
    return new BuildRegistration(
        fleet,
        keys,
        new RequestPolicy(fleet, keys, builds, payloads),
        builds,
        payloads,
        transactions,
        audit,
        milestones,
        clock);
  }

  /** Resumes requests at the start, and those that waited for the token since. */
  @Bean
  static Resumption resumption(SigningCycle cycle) {
    return new Resumption(cycle);
  }

  /** When requests are resumed. */
  static final class Resumption {
    private final SigningCycle cycle;

    Resumption(SigningCycle cycle) {
      this.cycle = cycle;
    }

    @EventListener(ApplicationReadyEvent.class)
    public void onReady() {
      cycle.resume();
    }

    @Scheduled(initialDelay = 30_000, fixedDelay = 30_000)
    public void again() {
      cycle.resume();
    }
  }
}
