package dev.otasigner.service.replica;

import com.zaxxer.hikari.HikariDataSource;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.worker.WorkerLease;
import dev.otasigner.service.listeners.ManagementPins;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.web.server.servlet.context.ServletWebServerInitializedEvent;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.ApplicationListener;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.env.Environment;

/** What the active service does besides being the service; {@link Replicas} has the lease. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnProperty("signer.shared")
class ActiveConfiguration {

  /** Nothing reaches the database past the lease, migrations included. */
  @Bean
  static BeanPostProcessor fencedDatabase(ObjectProvider<WorkerLease> lease) {
    return new BeanPostProcessor() {
      @Override
      public Object postProcessBeforeInitialization(Object bean, String name) {
        if (bean instanceof HikariDataSource pool) {
          pool.addDataSourceProperty(
              "ApplicationName", FencedDataSource.SESSION + lease.getObject().number());
        }
        return bean;
      }

      @Override
      public Object postProcessAfterInitialization(Object bean, String name) {
        return bean instanceof HikariDataSource pool
            ? new FencedDataSource((DataSource) pool, lease.getObject())
            : bean;
      }
    };
  }

  @Bean
  static ReplicaSettings replicaSettings(Environment environment) {
    return ReplicaSettings.of(environment).orElseThrow();
  }

  /** Before everything that asks where a request came from. */
  @Bean
  static FilterRegistrationBean<HandedOnRequests> handedOnRequests(
      ReplicaSettings settings, WorkerLease lease) throws IOException {
    FilterRegistrationBean<HandedOnRequests> filter =
        new FilterRegistrationBean<>(
            new HandedOnRequests(ReplicaSecret.in(settings.directory()), lease.number()));
    filter.setOrder(Ordered.HIGHEST_PRECEDENCE);
    return filter;
  }

  /** Others hand requests on from now on. */
  @Bean
  static ApplicationListener<ServletWebServerInitializedEvent> announcement(
      ReplicaSettings settings, WorkerLease lease, ManagementPins pins) {
    return event -> {
      try {
        lease.require();
        new ActiveReplica(lease.number(), settings.address(), pins.pins())
            .write(settings.directory());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    };
  }

  /** Which one is active, for whoever asks all of them. */
  @Bean("replica")
  static HealthIndicator replicaHealth(WorkerLease lease) {
    return () -> {
      Health.Builder health = Health.up().withDetail("role", "active");
      try {
        lease.require();
      } catch (TokenUnavailable e) {
        health = Health.down().withDetail("trouble", String.valueOf(e.getMessage()));
      }
      return health.withDetail("lease", lease.number()).build();
    };
  }
}
