package dev.otasigner.service.watch;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.otasigner.service.ServiceDirectories;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.springframework.stereotype.Component;

/** The JVM, the disk and the database's pool. */
@Component
class MachineMetrics implements MetricSource {
  private final Path data;
  private final DataSource database;

  MachineMetrics(ServiceDirectories directories, DataSource database) {
    this.data = directories.data();
    this.database = database;
  }

  private static List<Reading> machine() {
    MemoryMXBean memory = ManagementFactory.getMemoryMXBean();
    double collected =
        ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(collector -> Math.max(0, collector.getCollectionTime()))
                .sum()
            / 1e3;
    return List.of(
        Reading.of(Metric.MEMORY, memory.getHeapMemoryUsage().getUsed(), "heap"),
        Reading.of(Metric.MEMORY, memory.getNonHeapMemoryUsage().getUsed(), "other"),
        Reading.of(Metric.THREADS, ManagementFactory.getThreadMXBean().getThreadCount()),
        Reading.of(Metric.COLLECTION_SECONDS, collected),
        Reading.of(Metric.UPTIME_SECONDS, ManagementFactory.getRuntimeMXBean().getUptime() / 1e3));
  }

  @Override
  public List<Reading> readings() {
    List<Reading> readings = new ArrayList<>(machine());
    readings.add(Reading.of(Metric.DISK_FREE, data.toFile().getUsableSpace()));
    try {
      if (database.isWrapperFor(HikariDataSource.class)) {
        HikariPoolMXBean pool = database.unwrap(HikariDataSource.class).getHikariPoolMXBean();
        readings.add(
            Reading.of(Metric.DATABASE_CONNECTIONS, pool.getActiveConnections(), "active"));
        readings.add(Reading.of(Metric.DATABASE_CONNECTIONS, pool.getIdleConnections(), "idle"));
        readings.add(Reading.of(Metric.DATABASE_WAITING, pool.getThreadsAwaitingConnection()));
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the pool tells nothing", e);
    }
    return readings;
  }
}
