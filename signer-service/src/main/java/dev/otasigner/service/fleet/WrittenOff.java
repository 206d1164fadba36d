package dev.otasigner.service.fleet;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Devices that were given up, one by one and in the state they were in: who joins their cohort
 * later is not, and one that is heard of in another state is so no more.
 */
@Component
public class WrittenOff {
  private static final String STANDING =
      " from written_off_device w join fleet_device d on d.product = w.product"
          + " and d.device_id = w.device_id and d.cohort = w.cohort where ";

  private final JdbcClient jdbc;

  WrittenOff(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * Gives up the devices that a cohort has now.
   *
   * @param writeOff that names the cohort; it takes over those of an earlier one
   * @return how many
   */
  public long mark(String product, long cohort, UUID writeOff) {
    jdbc.sql(
            "delete from written_off_device where product = ? and device_id in (select device_id"
                + " from fleet_device where product = ? and cohort = ?)")
        .params(product, product, cohort)
        .update();
    return jdbc.sql(
            "insert into written_off_device (product, device_id, cohort, write_off)"
                + " select product, device_id, cohort, cast(? as uuid) from fleet_device"
                + " where product = ? and cohort = ?")
        .params(writeOff, product, cohort)
        .update();
  }

  /** How many devices of each cohort are given up; a cohort without any is not in it. */
  public Map<Long, Long> counts(String product) {
    Map<Long, Long> counts = new HashMap<>();
    jdbc.sql("select w.cohort, count(*)" + STANDING + "w.product = ? group by w.cohort")
        .param(product)
        .query(
            row -> {
              counts.put(row.getLong(1), row.getLong(2));
            });
    return counts;
  }

  /** How many of those that a write-off gave up are still in the state they were in. */
  public long standing(UUID writeOff) {
    return jdbc.sql("select count(*)" + STANDING + "w.write_off = ?")
        .param(writeOff)
        .query(Long.class)
        .single();
  }

  /** They count again. */
  public void clear(UUID writeOff) {
    jdbc.sql("delete from written_off_device where write_off = ?").param(writeOff).update();
  }
}
