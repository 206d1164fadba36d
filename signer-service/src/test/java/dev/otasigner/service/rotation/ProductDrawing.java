package dev.otasigner.service.rotation;

import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.service.rotation.DrawnProduct.Build;
import dev.otasigner.service.rotation.DrawnProduct.Device;
import dev.otasigner.service.rotation.DrawnProduct.Signer;
import dev.otasigner.service.rotation.DrawnProduct.Terms;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.crypto.SignatureSuite;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.device.ClientKeyType;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Rule;
import dev.otasigner.verifier.manifest.VersionRange;
import dev.otasigner.verifier.testing.TestKey;
import dev.otasigner.verifier.testing.TestProfile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/** Draws products. Many make no sense to a maker of devices; a prediction has to be right there. */
final class ProductDrawing {
  private static final int FIRST_MAJOR = 10;
  private static final int SLOT_BYTES = 0x20000;

  /** Larger than any version of the major one before. */
  private static final long LAST_BUILD = 0xffff_ffffL;

  private final Pool pool;
  private final long seed;
  private final Random random;

  /**
   * What all products draw from, since to make it takes time.
   *
   * @param keys of images and of manifests
   * @param lineages a profile of each, as the service has it
   * @param ports the first is spoken at by TLS 1.2, the second by TLS 1.3
   */
  record Pool(List<Signer> keys, List<Profile> lineages, List<Integer> ports) {
    Pool {
      keys = List.copyOf(keys);
      lineages = List.copyOf(lineages);
      ports = List.copyOf(ports);
    }

    /** Keys of mixed suites; the RSA key is the last of the image keys. */
    static List<Signer> mixed() {
      return List.of(
          image(SignatureSuite.ECDSA_P256_SHA256),
          image(SignatureSuite.ED25519),
          image(SignatureSuite.ECDSA_P384_SHA384),
          image(SignatureSuite.RSA_PSS_2048_SHA256),
          manifest(SignatureSuite.ECDSA_P256_SHA256),
          manifest(SignatureSuite.ED25519),
          manifest(SignatureSuite.ML_DSA_65),
          manifest(SignatureSuite.ECDSA_P384_SHA384));
    }

    private static Signer image(SignatureSuite suite) {
      return key("image", KeyPurpose.IMAGE, suite);
    }

    private static Signer manifest(SignatureSuite suite) {
      return key("manifest", KeyPurpose.MANIFEST, suite);
    }

    private static Signer key(String what, KeyPurpose purpose, SignatureSuite suite) {
      return new Signer(
          "drawn-" + what + "-" + suite.code().substring(0, Math.min(10, suite.code().length())),
          purpose,
          TestKey.of(suite, "drawn " + what));
    }
  }

  private ProductDrawing(Pool pool, long seed) {
    this.pool = pool;
    this.seed = seed;
    this.random = new Random(seed * 0x9E3779B97F4A7C15L);
  }

  static DrawnProduct of(Pool pool, long seed) {
    return new ProductDrawing(pool, seed).product();
  }

  private DrawnProduct product() {
    List<Signer> imageKeys = keys(KeyPurpose.IMAGE);
    List<Signer> manifestKeys = keys(KeyPurpose.MANIFEST);
    List<Bootloader> bootloaders = new ArrayList<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      bootloaders.add(bootloader("b" + seed + "-" + i, imageKeys));
    }
    Set<Profile> profiles = new LinkedHashSet<>();
    int wanted = 2 + random.nextInt(3);
    for (int i = 0; i < wanted; i++) {
      profiles.add(profile(manifestKeys));
    }
    List<Build> builds =
        builds(imageKeys, manifestKeys, bootloaders, List.copyOf(profiles), 3 + random.nextInt(4));
    List<Signer> keys = new ArrayList<>(imageKeys);
    keys.addAll(manifestKeys);
    return new DrawnProduct(
        seed,
        keys,
        chance(15) ? Optional.of(any(keys)) : Optional.empty(),
        bootloaders,
        List.copyOf(profiles),
        builds,
        devices(builds, bootloaders));
  }

  private List<Signer> keys(KeyPurpose purpose) {
    List<Signer> all =
        new ArrayList<>(pool.keys().stream().filter(k -> k.purpose() == purpose).toList());
    if (purpose == KeyPurpose.IMAGE && !chance(15)) {
      all.remove(all.size() - 1);
    }
    Collections.shuffle(all, random);
    return List.copyOf(all.subList(0, Math.min(all.size(), 2 + random.nextInt(3))));
  }

  private Bootloader bootloader(String id, List<Signer> imageKeys) {
    List<BootAnchor> anchors = new ArrayList<>();
    for (Signer key : some(imageKeys, 45)) {
      anchors.add(anchor(key));
    }
    return new Bootloader(
        id,
        anchors,
        List.of(),
        chance(85),
        chance(85),
        chance(75),
        Bootloader.KeyTlv.KEYHASH,
        SLOT_BYTES);
  }

  private BootAnchor anchor(Signer key) {
    if (key.key().suite() != SignatureSuite.ED25519 || chance(75)) {
      return key.key().bootAnchor();
    }
    return key.key().bootAnchor(ImageHash.SHA512, chance(30));
  }

  private Profile profile(List<Signer> manifestKeys) {
    List<Signer> own = some(manifestKeys, 40);
    TestKey[] keys = own.stream().map(Signer::key).toArray(TestKey[]::new);
    Profile lineage = pool.lineages().get(chance(65) ? 0 : 1);
    int doors = random.nextInt(4);
    TestProfile profile =
        TestProfile.any(keys)
            .rule(rule(own))
            .lineage(lineage.lineage().name())
            .root(lineage.lineage().rootSha256())
            .knows(
                SignatureSuite.ECDSA_P256_SHA256,
                SignatureSuite.ECDSA_P384_SHA384,
                SignatureSuite.ED25519,
                SignatureSuite.ML_DSA_65)
            .minStrengthBits(chance(70) ? 112 : 128)
            .clientKey(ClientKeyType.P_384)
            .serverAnchors(lineage.tls().serverAnchors().toArray(new Digest[0]));
    lineage
        .lineage()
        .thresholds()
        .ifPresent(t -> profile.thresholds(t.classical(), t.postQuantum()));
    List<String> versions = new ArrayList<>();
    List<String> suites = new ArrayList<>();
    List<Integer> ports = new ArrayList<>();
    for (int door = 0; door < 2; door++) {
      if (doors > 1 || doors == door) {
        versions.addAll(pool.lineages().get(door).tls().versions());
        suites.addAll(pool.lineages().get(door).tls().suites());
        ports.add(pool.ports().get(door));
      }
    }
    return profile
        .tls(versions, suites)
        .ports(ports.stream().mapToInt(Integer::intValue).toArray())
        .read();
  }

  private Rule rule(List<Signer> keys) {
    List<Rule> terms = keys.stream().map(k -> (Rule) new Rule.Key(k.keyId())).toList();
    if (keys.size() > 2 && chance(50)) {
      return new Rule.All(
          List.of(terms.get(0), new Rule.Any(List.copyOf(terms.subList(1, terms.size())))));
    }
    return chance(60) ? new Rule.Any(terms) : new Rule.All(terms);
  }

  private List<Build> builds(
      List<Signer> imageKeys,
      List<Signer> manifestKeys,
      List<Bootloader> bootloaders,
      List<Profile> profiles,
      int count) {
    List<Build> builds = new ArrayList<>();
    long counter = 5;
    for (int i = 0; i < count; i++) {
      Optional<Bootloader> component =
          chance(i == 0 ? 0 : 30) ? Optional.of(any(bootloaders)) : Optional.empty();
      Profile profile =
          chance(30)
              ? any(profiles)
              : profiles.get(Math.min(profiles.size() - 1, i * profiles.size() / count));
      Bootloader by = chance(50) ? component.orElse(bootloaders.get(0)) : any(bootloaders);
      counter += chance(20) ? 1 : 0;
      builds.add(
          new Build(
              new ImageVersion(FIRST_MAJOR + i, 0, 0, 0),
              chance(93) ? counter : counter - 1,
              profile,
              imageSigners(imageKeys, by),
              manifestSigners(
                  manifestKeys, builds.isEmpty() ? profile : any(builds).profile(), profile),
              component,
              i > 0 && chance(25) ? List.of(from(i)) : List.of(),
              terms(i)));
    }
    return builds;
  }

  private List<Signer> imageSigners(List<Signer> keys, Bootloader forThis) {
    Set<Signer> signers = new LinkedHashSet<>(some(keys, 40));
    if (chance(85)) {
      BootAnchor one = any(forThis.anchors());
      keys.stream().filter(k -> k.keyId().equals(one.keyId())).forEach(signers::add);
    }
    List<Signer> order = new ArrayList<>(signers);
    Collections.shuffle(order, random);
    return order;
  }

  /**
   * Mostly such that devices of the first profile take it, or those of the second its successor.
   */
  private List<Signer> manifestSigners(List<Signer> keys, Profile present, Profile brought) {
    Set<Signer> signers = new LinkedHashSet<>(some(keys, 40));
    if (chance(75)) {
      add(signers, keys, present);
    }
    if (chance(75)) {
      add(signers, keys, brought);
    }
    return List.copyOf(signers);
  }

  private void add(Set<Signer> signers, List<Signer> keys, Profile profile) {
    List<Signer> order = new ArrayList<>(keys);
    Collections.shuffle(order, random);
    for (Signer key : order) {
      if (!profile.rule().isMetBy(signers.stream().map(Signer::keyId).collect(Collectors.toSet()))
          && profile.rule().keyIds().contains(key.keyId())) {
        signers.add(key);
      }
    }
  }

  private VersionRange from(int index) {
    int low = random.nextInt(index);
    int high = low + random.nextInt(index - low);
    return new VersionRange(
        new ImageVersion(FIRST_MAJOR + low, 0, 0, 0),
        new ImageVersion(FIRST_MAJOR + high, 255, 65_535, LAST_BUILD));
  }

  private Optional<Terms> terms(int index) {
    int drawn = random.nextInt(100) - (index == 0 ? 40 : 0);
    if (drawn < 20) {
      return Optional.empty();
    }
    if (drawn < 50) {
      return Optional.of(new Terms(true, 1000));
    }
    return Optional.of(new Terms(drawn < 60, drawn < 80 ? 1000 : drawn < 95 ? 500 : 0));
  }

  /** Most of them old, so that they have a way before them. */
  private List<Device> devices(List<Build> builds, List<Bootloader> bootloaders) {
    List<Device> devices = new ArrayList<>();
    int count = 3 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      Build build =
          builds.get(Math.min(random.nextInt(builds.size()), random.nextInt(builds.size())));
      boolean unknown = chance(4);
      devices.add(
          new Device(
              "d" + i,
              unknown ? new ImageVersion(FIRST_MAJOR - 1, i, 0, 0) : build.version(),
              unknown ? Optional.empty() : Optional.of(build),
              build.profile(),
              chance(60) ? bootloaders.get(0) : any(bootloaders),
              build.counter() + (chance(8) ? 1 : 0)));
    }
    return devices;
  }

  /** At least one of them. */
  private <T> List<T> some(List<T> all, int percent) {
    List<T> chosen = new ArrayList<>(all.stream().filter(one -> chance(percent)).toList());
    if (chosen.isEmpty()) {
      chosen.add(any(all));
    }
    return chosen;
  }

  private <T> T any(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  private boolean chance(int percent) {
    return random.nextInt(100) < percent;
  }
}
