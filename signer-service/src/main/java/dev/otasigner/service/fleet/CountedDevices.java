package dev.otasigner.service.fleet;

import dev.otasigner.service.listeners.DeviceCounts;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Counts devices by what decides which listener they are on and need. */
@Component
class CountedDevices implements DeviceCounts {
  private final JdbcClient jdbc;
  private final Profiles profiles;

  CountedDevices(JdbcClient jdbc, Profiles profiles) {
    this.jdbc = jdbc;
    this.profiles = profiles;
  }

  private record Row(
      String product,
      String version,
      Digest profile,
      boolean enrolled,
      Optional<String> listener,
      long devices) {}

  @Override
  public List<Alike> alike() {
    Map<Digest, Optional<Profile>> read = new HashMap<>();
    return jdbc
        .sql(
            "select product, version, profile, last_listener,"
                + " case when cert_spki is null then 0 else 1 end as enrolled, count(*)"
                + " from fleet_device group by product, version, profile, last_listener,"
                + " case when cert_spki is null then 0 else 1 end")
        .query(
            (row, n) ->
                new Row(
                    row.getString(1),
                    row.getString(2),
                    new Digest(row.getString(3)),
                    row.getInt(5) == 1,
                    Optional.ofNullable(row.getString(4)),
                    row.getLong(6)))
        .list()
        .stream()
        .map(row -> alike(row, read))
        .toList();
  }

  private Alike alike(Row row, Map<Digest, Optional<Profile>> read) {
    try {
      return new Alike(
          row.product(),
          ImageVersion.parse(row.version()),
          read.computeIfAbsent(row.profile(), digest -> profiles.find(row.product(), digest)),
          row.enrolled(),
          row.listener(),
          row.devices());
    } catch (RejectedException e) {
      throw new IllegalStateException("a device's record is damaged", e);
    }
  }
}
