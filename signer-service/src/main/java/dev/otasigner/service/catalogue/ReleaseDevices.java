package dev.otasigner.service.catalogue;

import dev.otasigner.service.problem.SignerException;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Devices that are named for a release: those that go first, and those that wait. */
@Component
class ReleaseDevices {
  /** A mark is 67 bytes of a head file, which every device reads and which is bounded. */
  static final int MAX_DEVICES = 500;

  private final JdbcClient jdbc;

  ReleaseDevices(JdbcClient jdbc) {
    this.jdbc = jdbc;
  }

  /** What a device is named for. */
  enum Kind {
    /** Offered whatever the share is. */
    TEST,
    /** Never offered. */
    HOLD;

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    Kind other() {
      return this == TEST ? HOLD : TEST;
    }

    static @Nullable Kind ofCode(String code) {
      for (Kind kind : values()) {
        if (kind.code().equals(code)) {
          return kind;
        }
      }
      return null;
    }
  }

  /** Both, in the order of their ids. */
  record Lists(Set<String> test, Set<String> hold) {
    Lists with(Kind kind, Set<String> devices) {
      return kind == Kind.TEST ? new Lists(devices, hold) : new Lists(test, devices);
    }

    Set<String> of(Kind kind) {
      return kind == Kind.TEST ? test : hold;
    }
  }

  Lists of(Release release) {
    return new Lists(devices(release, Kind.TEST), devices(release, Kind.HOLD));
  }

  /** Devices that some listed release of the product waits for. */
  Set<String> held(String product) {
    return new TreeSet<>(
        jdbc.sql(
                "select distinct d.device_id from catalogue_release_device d"
                    + " join catalogue_release r on r.id = d.release_id"
                    + " where r.product = ? and d.list = ?")
            .params(product, Kind.HOLD.code())
            .query(String.class)
            .list());
  }

  private Set<String> devices(Release release, Kind kind) {
    return new TreeSet<>(
        jdbc.sql("select device_id from catalogue_release_device where release_id = ? and list = ?")
            .params(release.id(), kind.code())
            .query(String.class)
            .list());
  }

  /**
   * What a list becomes.
   *
   * @throws SignerException CONFLICT when a device stands on the other list, or there are too many
   */
  Set<String> changed(Release release, Kind kind, ListChange change) {
    Set<String> devices =
        new TreeSet<>(change.set().isPresent() ? change.set().get() : devices(release, kind));
    devices.addAll(change.add());
    devices.removeAll(change.remove());
    Set<String> other = devices(release, kind.other());
    for (String device : devices) {
      if (other.contains(device)) {
        throw SignerException.conflict(
            "device " + device + " is on the " + kind.other().code() + " list: remove it there");
      }
    }
    if (devices.size() > MAX_DEVICES) {
      throw SignerException.conflict(
          "a list may name " + MAX_DEVICES + " devices, and these are " + devices.size());
    }
    return devices;
  }

  /** Replaces a list, in the transaction under way. */
  void write(Release release, Kind kind, Collection<String> devices) {
    jdbc.sql("delete from catalogue_release_device where release_id = ? and list = ?")
        .params(release.id(), kind.code())
        .update();
    for (String device : List.copyOf(devices)) {
      jdbc.sql(
              "insert into catalogue_release_device (release_id, list, device_id) values (?, ?, ?)")
          .params(release.id(), kind.code(), device)
          .update();
    }
  }
}
