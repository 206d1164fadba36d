package dev.otasigner.benchmarks;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.CataloguePaths;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.policy.LineageCheck;
import dev.otasigner.verifier.policy.UpdateSelection;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import dev.otasigner.verifier.testing.TestFleet;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.tuf.DelegatedRole;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MemoryStore;
import dev.otasigner.verifier.tuf.Metadata;
import dev.otasigner.verifier.tuf.RepositorySimulator;
import dev.otasigner.verifier.tuf.RoleKeys;
import dev.otasigner.verifier.tuf.SuccinctRoles;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufKey;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * A device looks for an update, from an empty store, in repositories of the size that a maker and a
 * package index have. One thread, nothing waits: the time is processor time.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class CatalogueBenchmark {
  private static final int ROLES = 120;
  private static final int TARGETS = 100_000;
  private static final int BIN_BITS = 10;

  private final RepositorySimulator product = new RepositorySimulator();
  private final RepositorySimulator foreign = new RepositorySimulator();
  private final DeviceState device = TestFleet.device();
  private final Profile profile = TestFleet.factoryProfile().read();
  private int asked;

  /** 120 roles of a channel and hardware each, ten builds in each head file. */
  @Setup
  public void publishProduct() {
    TestKey key = RepositorySimulator.key("channels");
    List<DelegatedRole> roles = new ArrayList<>();
    for (int i = 1; i < ROLES; i++) {
      roles.add(RepositorySimulator.role("other-" + i, key, "other-" + i + "/*/*"));
    }
    String own = TestFleet.CHANNEL + "-" + TestFleet.HARDWARE.id();
    roles.add(
        RepositorySimulator.role(
            own, key, TestFleet.CHANNEL + "/" + TestFleet.HARDWARE.id() + "/*"));
    product.delegate(Metadata.TARGETS, List.of(key), roles.toArray(DelegatedRole[]::new));
    TestKey image = TestFleet.OLD_IMAGE_KEY;
    TestKey manifest = TestFleet.OLD_MANIFEST_KEY;
    List<Made> builds = new ArrayList<>();
    for (int minor = 20; minor > 10; minor--) {
      builds.add(
          TestBuild.of("34." + minor)
              .counter(TestFleet.FACTORY_COUNTER)
              .profile(TestFleet.factoryProfile().knowsToo("ed25519"))
              .image("main", image)
              .manifestBy(manifest)
              .make());
    }
    Head head = Made.head(builds.toArray(Made[]::new));
    product.add(
        own,
        CataloguePaths.head(TestFleet.CHANNEL, TestFleet.HARDWARE.id()),
        head.toJson().canonicalBytes());
    for (Made build : builds) {
      product.add(own, build.listing().manifest(), build.envelope().toByteArray());
      product.add(
          own,
          CataloguePaths.profile(
              TestFleet.CHANNEL, TestFleet.HARDWARE.id(), build.profile().digest()),
          build.profile().bytes().toByteArray());
    }
    product.publish();
  }

  /** 100,000 targets in 1,024 hash bins. */
  @Setup
  public void publishForeign() {
    TestKey key = RepositorySimulator.key("bins");
    SuccinctRoles bins = new SuccinctRoles(RoleKeys.of(1, TufKey.of(key.key())), BIN_BITS, "bin");
    foreign.delegate(Metadata.TARGETS, List.of(key), bins);
    for (long bin = 0; bin < bins.bins(); bin++) {
      foreign.signedBy(bins.nameOf(bin), key);
    }
    for (int i = 0; i < TARGETS; i++) {
      String path = path(i);
      foreign.list(
          bins.roleFor(path).name(), TargetFile.of(path, 1, TestFleet.digest("a package")));
    }
    foreign.publish();
  }

  private static String path(int number) {
    return "packages/" + number + "/package-" + number + ".tar.gz";
  }

  @Benchmark
  public UpdateSelection.Selection refreshAndSelect() throws IOException, RejectedException {
    Updater updater = updater(product, LineagePolicy.tufAlone());
    Head head =
        Head.read(
            updater.fetchTarget(
                CataloguePaths.head(TestFleet.CHANNEL, TestFleet.HARDWARE.id()), 1 << 20));
    UpdateSelection.Selection selection =
        UpdateSelection.select(
            device,
            profile,
            head,
            updater::fetchTarget,
            LineageCheck.of(updater, profile.lineage().name()));
    if (selection.chosen().isEmpty()) {
      throw new IllegalStateException("nothing was chosen: " + selection.refused());
    }
    return selection;
  }

  @Benchmark
  public TargetFile lookUp() throws IOException, RejectedException {
    asked = (asked + 7919) % TARGETS;
    return updater(foreign, LineagePolicy.tufAlone()).find(path(asked)).orElseThrow();
  }

  private static Updater updater(RepositorySimulator repository, LineagePolicy policy)
      throws IOException, RejectedException {
    repository.requests().clear();
    MemoryStore store = new MemoryStore();
    byte[] root = repository.latest(Metadata.ROOT);
    Updater.trustRoot(store, root, Digest.of(root));
    Updater updater =
        new Updater(store, repository, TufLimits.COMMON, policy, RepositorySimulator.START);
    updater.refresh();
    return updater;
  }
}
