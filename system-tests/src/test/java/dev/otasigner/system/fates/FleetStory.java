package dev.otasigner.system.fates;

import dev.otasigner.system.fates.FleetPlan.Build;
import dev.otasigner.system.fates.FleetPlan.Change;
import dev.otasigner.system.fates.FleetPlan.Device;
import dev.otasigner.system.fates.FleetPlan.Door;
import dev.otasigner.system.fates.FleetPlan.Kind;
import dev.otasigner.system.fates.FleetPlan.Offer;
import dev.otasigner.system.fates.FleetProduct.Released;
import dev.otasigner.system.fates.Prediction.Repair;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * One fleet from its factory to its fate, in steps between which time may pass: {@link #begin},
 * {@link #goOn}, {@link #ask}, {@link #change} and {@link #end}.
 */
final class FleetStory {
  private final MovedService service;
  private final FleetPlan plan;
  private final Change change;
  private final FleetProduct product;
  private final LivingDevices devices;
  private final Map<String, List<Integer>> ways = new LinkedHashMap<>();
  private Instant made = Instant.EPOCH;

  /** The change may be less than the plan's, where something is kept. */
  FleetStory(MovedService service, FleetPlan plan, Change change, String product) {
    this.service = service;
    this.plan = plan;
    this.change = change;
    this.product = new FleetProduct(service, plan, product);
    this.devices = new LivingDevices(service, plan, this.product);
  }

  /** Chance has put a device into a share that was to be outside: the story is told once more. */
  static final class MischanceException extends Exception {
    private static final long serialVersionUID = 1;
  }

  FleetProduct product() {
    return product;
  }

  /** The product is founded, and the first devices are made. */
  void begin() throws Exception {
    product.found();
    made = service.now().truncatedTo(ChronoUnit.SECONDS);
    devices.make(false);
    if (plan.change().kind() != Kind.TIME) {
      devices.use(false);
    }
  }

  /** The last devices are made, and the head is released if it has not been. */
  void goOn() throws Exception {
    if (plan.change().kind() == Kind.TIME) {
      devices.use(false);
      devices.make(true);
      devices.use(true);
    }
    if (plan.headLate()) {
      for (Build build : plan.builds()) {
        if (build.offer() == Offer.HEAD) {
          product.offer(build);
        }
      }
    }
    for (Released release : product.offered()) {
      goFirst(release);
    }
  }

  private void goFirst(Released release) throws MischanceException {
    if (release.bridge() || release.share() == 1000) {
      return;
    }
    product.first(release.version());
    for (Head head : service.heads(product.name(), FleetProduct.CHANNEL, FleetProduct.HARDWARE)) {
      for (Head.Candidate candidate : head.candidates()) {
        for (Device device : plan.devices()) {
          if (candidate.version().toString().equals(release.version())
              && candidate.isInShare(device.id()) != device.first()) {
            throw new MischanceException();
          }
        }
      }
    }
  }

  /** What the service predicts; every device counts where it is. */
  List<Prediction> ask() throws Exception {
    if (change.kind() == Kind.SUNSET) {
      for (Door door : change.closed()) {
        service
            .admin()
            .post(
                "/api/v1/listeners/" + product.named(door.listener()) + "/sunset",
                "{'sunset':'"
                    + service.now().truncatedTo(ChronoUnit.SECONDS).plus(Duration.ofDays(30))
                    + "'}")
            .expect(200);
      }
    }
    requireKnownWhereTheyAre();
    return Prediction.read(impact(json()), product.named(""), this::members);
  }

  private Fields impact(String body) {
    return service.admin().post(product.base() + "/rotation/impact", body).expect(200).json();
  }

  private List<String> members(long cohort) {
    return service
        .admin()
        .get(product.base() + "/cohorts/" + cohort + "/devices?limit=100")
        .expect(200)
        .texts("deviceId");
  }

  private void requireKnownWhereTheyAre() throws Exception {
    Map<String, String> known = new LinkedHashMap<>();
    for (Fields device :
        service
            .admin()
            .get(product.base() + "/devices?limit=100")
            .expect(200)
            .json()
            .objects("devices", 100)) {
      known.put(device.string("deviceId"), device.string("version"));
    }
    for (String id : devices.ids()) {
      if (!devices.version(id).toString().equals(known.get(id))) {
        throw new AssertionError(
            id + " runs " + devices.version(id) + ", on record: " + known.get(id));
      }
    }
  }

  /** Nothing is asked but who is cut off, perhaps by what is scheduled. */
  boolean isAskedAsThingsAre() {
    return json().equals("{}");
  }

  private String json() {
    List<String> members = new ArrayList<>();
    if (!change.retired().isEmpty()) {
      members.add(
          "'retireKeys':[" + quoted(change.retired().stream().map(product::named).toList()) + "]");
    }
    if (!change.closed().isEmpty() && change.kind() != Kind.SUNSET) {
      members.add(
          "'closeListeners':["
              + quoted(change.closed().stream().map(d -> product.named(d.listener())).toList())
              + "]");
    }
    List<Integer> withdrawn = withdrawn();
    if (!withdrawn.isEmpty()) {
      members.add(
          withdrawn.stream()
              .map(major -> "{'channel':'stable','hardware':'gw','version':'" + major + ".0.0+0'}")
              .collect(Collectors.joining(",", "'withdraw':[", "]")));
    }
    if (change.days() > 0) {
      members.add("'at':'" + made.plus(Duration.ofDays(change.days())) + "'");
    }
    return "{" + String.join(",", members) + "}";
  }

  /** Of what is to be withdrawn, what is offered at all. */
  private List<Integer> withdrawn() {
    List<Integer> offered = product.offered().stream().map(Released::major).toList();
    return change.withdrawn().stream().filter(offered::contains).toList();
  }

  private static String quoted(List<String> texts) {
    return texts.stream().map(t -> "'" + t + "'").collect(Collectors.joining(","));
  }

  /**
   * Does what a repair asks for before the change is made: those that named it take the build.
   *
   * @param named devices of cohorts that named it
   * @param patient others, which wait in vain
   */
  void repair(Repair repair, List<String> named, List<String> patient) throws IOException {
    if (repair.kind().equals(Repair.PUBLISH) && !product.release(repair.what(), true, 1000)) {
      throw new AssertionError("the bridge is refused: " + product.log());
    }
    if (repair.kind().equals(Repair.WAIT) || repair.kind().equals(Repair.PUBLISH)) {
      for (String id : named) {
        devices.cyclesUntil(id, repair.what());
      }
      for (String id : patient) {
        devices.cycles(id);
      }
    }
  }

  /** Until when time has to pass before the change is there; empty when it does not. */
  Optional<Instant> waitsUntil() {
    return change.days() > 0
        ? Optional.of(made.plus(Duration.ofDays(change.days())))
        : Optional.empty();
  }

  /**
   * Makes the change true for devices: by the service's own means where it agrees, otherwise in a
   * way that devices cannot tell from it.
   *
   * @return whether the service agreed, of a change that it can be asked for as a whole
   */
  Optional<Boolean> change() throws Exception {
    List<Boolean> agreed = new ArrayList<>();
    for (String key : change.retired()) {
      agreed.add(product.deactivate(key));
    }
    if (change.kind() != Kind.SUNSET) {
      for (Door door : change.closed()) {
        agreed.add(product.close(door));
      }
    }
    for (int major : withdrawn()) {
      agreed.add(product.withdraw(major + ".0.0+0"));
    }
    return agreed.size() == 1 ? Optional.of(agreed.get(0)) : Optional.empty();
  }

  /** Every device lives on; those that come to the head and to what follows it. */
  Set<String> end() throws Exception {
    devices.setOut();
    Map<String, Integer> starts = new LinkedHashMap<>();
    for (String id : devices.ids()) {
      starts.put(id, devices.version(id).major());
    }
    List<Released> offered = product.offered();
    if (change.retired().isEmpty()) {
      devices.allCycles();
    } else {
      replace(offered);
    }
    for (String id : devices.ids()) {
      // What stands in the place of the build that it runs leads it nowhere.
      ways.put(id, devices.way(id).stream().filter(m -> !m.equals(starts.get(id))).toList());
    }
    if (change.kind() == Kind.SUNSET) {
      for (Door door : change.closed()) {
        service.block(product.port(door));
      }
    }
    Map<Integer, List<String>> goals = new TreeMap<>();
    for (Device device : plan.devices()) {
      int head =
          offered.stream()
              .filter(r -> r.bridge() || r.share() == 1000 || device.first())
              .mapToInt(Released::major)
              .max()
              .orElse(0);
      int own = devices.version(device.id()).major();
      goals.computeIfAbsent(Math.max(head, own), g -> new ArrayList<>()).add(device.id());
    }
    Set<String> alive = new LinkedHashSet<>();
    for (Map.Entry<Integer, List<String>> goal : goals.entrySet()) {
      follow(goal.getKey(), goal.getValue(), offered, alive);
    }
    return alive;
  }

  /** What is offered is signed anew without the keys that are retired, and stands in its place. */
  private void replace(List<Released> offered) throws Exception {
    List<Released> left = new ArrayList<>(offered);
    left.sort(Comparator.comparing(Released::major));
    replaced(left);
    for (Released release : offered) {
      if (product.offered().contains(release)) {
        product.withdraw(release.version());
      }
    }
    devices.allCycles();
    // What only devices take that have come to another build is signed and released after that.
    while (replaced(left)) {
      devices.allCycles();
    }
  }

  /** Says whether any of them is replaced now, and leaves those that are not. */
  private boolean replaced(List<Released> left) throws MischanceException {
    int before = left.size();
    for (Released release : List.copyOf(left)) {
      Build build = product.build(release.major());
      String version = FleetProduct.version(build, 1);
      if (product.sign(build, version, change.retired())
          && product.release(version, release.bridge(), release.share())) {
        goFirst(new Released(version, release.bridge(), release.share()));
        left.remove(release);
      }
    }
    return left.size() < before;
  }

  /** The next build of a line comes out; whoever was to come there takes it, or is lost. */
  private void follow(int major, List<String> whose, List<Released> offered, Set<String> alive)
      throws Exception {
    Build build = product.build(major);
    String version = FleetProduct.version(build, 2);
    Optional<Released> like = offered.stream().filter(r -> r.major() == major).findFirst();
    boolean bridge = like.map(Released::bridge).orElse(false);
    int share = like.map(Released::share).orElse(1000);
    boolean out =
        product.signFollower(build, version, change.retired())
            && (product.release(version, bridge, share)
                || like.isEmpty() && product.release(version, true, 1000));
    if (out) {
      goFirst(new Released(version, bridge, share));
    }
    for (String id : whose) {
      devices.cycles(id);
      if (devices.version(id).toString().equals(version)) {
        alive.add(id);
      }
    }
    if (out && like.isEmpty()) {
      product.withdraw(version);
    }
  }

  /** Major versions that a device took on its way to the head. */
  List<Integer> way(String id) {
    return ways.getOrDefault(id, List.of());
  }

  /** Where a device is, and what it said last. */
  String told(String id) throws IOException {
    return devices.told(id);
  }

  void leave() {
    product.end();
  }
}
