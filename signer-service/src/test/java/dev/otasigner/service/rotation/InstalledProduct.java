package dev.otasigner.service.rotation;

import dev.otasigner.service.catalogue.Catalogue;
import dev.otasigner.service.catalogue.ListedReleases;
import dev.otasigner.service.catalogue.ListedReleases.Listing;
import dev.otasigner.service.fleet.Bootloaders;
import dev.otasigner.service.fleet.Cohorts;
import dev.otasigner.service.fleet.Profiles;
import dev.otasigner.service.rotation.DrawnProduct.Build;
import dev.otasigner.service.rotation.DrawnProduct.Device;
import dev.otasigner.service.rotation.DrawnProduct.Signer;
import dev.otasigner.service.signing.FleetFacts;
import dev.otasigner.service.signing.StoredBuilds;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClockClass;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.testing.Made;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.springframework.jdbc.core.simple.JdbcClient;

/** A service's one product, which becomes each drawn product in turn. */
final class InstalledProduct {
  private final String name;
  private final JdbcClient jdbc;
  private final Bootloaders bootloaders;
  private final Profiles profiles;
  private final StoredBuilds builds;
  private final ListedReleases releases;
  private final Catalogue catalogue;
  private final FleetFacts fleet;

  InstalledProduct(
      String name,
      JdbcClient jdbc,
      Bootloaders bootloaders,
      Profiles profiles,
      StoredBuilds builds,
      ListedReleases releases,
      Catalogue catalogue,
      FleetFacts fleet) {
    this.name = name;
    this.jdbc = jdbc;
    this.bootloaders = bootloaders;
    this.profiles = profiles;
    this.builds = builds;
    this.releases = releases;
    this.catalogue = catalogue;
    this.fleet = fleet;
  }

  /** The service learns of the keys' public halves: it will never sign with them. */
  void know(List<Signer> keys) {
    for (Signer key : keys) {
      jdbc.sql(
              "insert into keyring_key (key_id, name, purpose, suite, spki, state, created, edition)"
                  + " values (?, ?, ?, ?, ?, 'ACTIVE', current_timestamp, 0)")
          .params(
              key.keyId().hex(),
              key.name(),
              key.purpose().name(),
              key.key().suite().name(),
              key.key().key().spki().base64())
          .update();
    }
  }

  /** Whatever was drawn before is no more. */
  void become(DrawnProduct drawn, BuildMaker maker) throws RejectedException, IOException {
    jdbc.sql("delete from fleet_device where product = ?").param(name).update();
    jdbc.sql("delete from fleet_cohort where product = ?").param(name).update();
    releases.clear(name);
    builds.clear(name);
    jdbc.sql("update keyring_key set state = 'ACTIVE' where name like 'drawn-%'").update();
    drawn
        .stopped()
        .ifPresent(
            key ->
                jdbc.sql("update keyring_key set state = 'DEACTIVATED' where name = ?")
                    .param(key.name())
                    .update());
    for (Bootloader bootloader : drawn.bootloaders()) {
      bootloaders.register(name, new Bootloaders.Registered(DrawnProduct.HARDWARE, bootloader));
    }
    for (Profile profile : drawn.profiles()) {
      profiles.register(name, profile.bytes().toByteArray());
    }
    for (Build build : drawn.builds()) {
      builds.add(original(build, maker));
    }
    offer(drawn, Set.of());
    for (Device device : drawn.devices()) {
      manufacture(state(device, maker), device.id());
    }
  }

  private static Made original(Build build, BuildMaker maker) {
    return maker.of(build, Set.of()).orElseThrow();
  }

  /** What is drawn to be offered, without these. */
  void offer(DrawnProduct drawn, Set<ImageVersion> without) throws RejectedException, IOException {
    List<Listing> listings = new ArrayList<>();
    for (Build build : drawn.builds()) {
      if (!without.contains(build.version())) {
        build
            .terms()
            .ifPresent(
                terms ->
                    listings.add(
                        new Listing(build.version(), terms.bridge(), terms.sharePerMille())));
      }
    }
    releases.announce(name, DrawnProduct.CHANNEL, DrawnProduct.HARDWARE, listings);
  }

  /** What each lineage announces. */
  Map<String, Head> announced() {
    Map<String, Head> heads = new HashMap<>();
    for (String lineage : DrawnChange.LINEAGES) {
      catalogue
          .head(name, lineage, DrawnProduct.CHANNEL, DrawnProduct.HARDWARE)
          .ifPresent(head -> heads.put(lineage, head));
    }
    return heads;
  }

  LineageCheck lineages() {
    return fleet.lineages(name);
  }

  /** Where a device stands; one that runs what nobody has says so by a digest of its own. */
  DeviceState state(Device device, BuildMaker maker) {
    Digest manifest =
        device
            .build()
            .map(build -> Digest.of(original(build, maker).envelope()))
            .orElseGet(
                () -> Digest.of(device.version().toString().getBytes(StandardCharsets.UTF_8)));
    return new DeviceState(
        "",
        name,
        new DeviceState.Hardware(DrawnProduct.HARDWARE, DrawnProduct.REVISION),
        DrawnProduct.CHANNEL,
        new DeviceState.Clock(ClockClass.RTC, Instant.EPOCH),
        device.bootloader(),
        new DeviceState.Running(device.version(), manifest, device.profile().digest()),
        Map.of(),
        device.counter(),
        device.profile().lineage().name(),
        1,
        new DeviceState.ClientCert(device.profile().tls().clientKey(), Cohorts.NEVER));
  }

  private void manufacture(DeviceState state, String id) {
    jdbc.sql(
            "insert into fleet_device (product, device_id, hardware, revision, factory_build,"
                + " channel, clock_class, clock_floor, bootloader, version, manifest, profile,"
                + " security_counter, lineage, root_version, seq) values"
                + " (?, ?, ?, ?, ?, ?, ?, current_timestamp, ?, ?, ?, ?, ?, ?, 1, 0)")
        .params(
            name,
            id,
            state.hardware().id(),
            state.hardware().revision(),
            state.running().version().toString(),
            state.channel(),
            state.clock().kind().code(),
            state.bootloader().id(),
            state.running().version().toString(),
            state.running().manifest().hex(),
            state.running().profile().hex(),
            state.securityCounter(),
            state.lineage())
        .update();
  }
}
