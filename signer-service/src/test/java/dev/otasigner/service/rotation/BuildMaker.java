package dev.otasigner.service.rotation;

import dev.otasigner.service.rotation.DrawnProduct.Build;
import dev.otasigner.service.rotation.DrawnProduct.Signer;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.policy.BootloaderComponent;
import dev.otasigner.verifier.testing.Made;
import dev.otasigner.verifier.testing.TestBuild;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Signs the builds of a drawn product as the service would, each anew without the keys that are
 * gone: nothing is cut out of anything.
 */
final class BuildMaker {
  private static final Instant BUILT = Instant.parse("2026-06-01T00:00:00Z");
  private static final String CODE = "0123456789abcdef".repeat(8);

  private final DrawnProduct drawn;
  private final String product;
  private final Map<Wanted, Optional<Made>> made = new HashMap<>();

  BuildMaker(DrawnProduct drawn, String product) {
    this.drawn = drawn;
    this.product = product;
  }

  private record Wanted(ImageVersion version, List<Signer> imageKeys, List<Signer> manifestKeys) {}

  /** How bootloaders check an image file. */
  private record Way(ImageHash hash, boolean pure) {
    static Way of(BootAnchor anchor) {
      return new Way(anchor.hash(), anchor.pure());
    }

    String variant() {
      return hash.code() + (pure ? "-pure" : "");
    }
  }

  /** The build without these keys, or empty when nobody is left who would sign it. */
  Optional<Made> of(Build build, Set<Digest> gone) {
    return made.computeIfAbsent(
        new Wanted(
            build.version(), left(build.imageKeys(), gone), left(build.manifestKeys(), gone)),
        wanted ->
            wanted.imageKeys().isEmpty() || wanted.manifestKeys().isEmpty()
                ? Optional.empty()
                : Optional.of(make(build, wanted)));
  }

  private static List<Signer> left(List<Signer> keys, Set<Digest> gone) {
    return keys.stream().filter(key -> !gone.contains(key.keyId())).toList();
  }

  private Made make(Build build, Wanted by) {
    Map<Way, List<Signer>> files = files(by.imageKeys());
    Map<String, byte[]> images = new LinkedHashMap<>();
    List<Manifest.Variant> variants = new ArrayList<>();
    byte[] code = (drawn.seed() + " " + build.version() + CODE).getBytes(StandardCharsets.US_ASCII);
    files.forEach(
        (way, keys) -> {
          byte[] image = assemble(build, ByteSource.of(code), way, keys);
          images.put(way.variant(), image);
          variants.add(
              new Manifest.Variant(
                  way.variant(),
                  image.length,
                  Digest.of(image),
                  keys.get(0).key().suite(),
                  way.hash(),
                  way.pure(),
                  keys.stream().map(Signer::keyId).toList()));
        });
    // A component is one file: it is by the keys of the first image file.
    Map.Entry<Way, List<Signer>> first = files.entrySet().iterator().next();
    Optional<byte[]> component =
        build
            .component()
            .map(
                b ->
                    assemble(
                        build, BootloaderComponent.payload(b), first.getKey(), first.getValue()));
    Manifest manifest =
        new Manifest(
            product,
            List.of(new Manifest.Hardware(DrawnProduct.HARDWARE, List.of(DrawnProduct.REVISION))),
            build.version(),
            build.counter(),
            ImageFormat.MCUBOOT,
            BUILT,
            variants,
            build.profile().digest(),
            build.from(),
            List.of(),
            build.component().map(b -> BootloaderComponent.stated(b, component.orElseThrow())));
    Envelope envelope =
        new Envelope(
            Manifest.PAYLOAD_TYPE, Bytes.copyOf(manifest.toJson().canonicalBytes()), List.of());
    for (Signer key : by.manifestKeys()) {
      envelope = key.key().sign(envelope);
    }
    return new Made(
        manifest,
        Bytes.copyOf(envelope.toBytes()),
        images,
        component,
        build.profile(),
        Head.Candidate.of(
            manifest,
            DrawnProduct.CHANNEL,
            DrawnProduct.HARDWARE,
            false,
            Bytes.copyOf(new byte[8]),
            1000));
  }

  /** Keys that bootloaders use with different hashes need image files of their own. */
  private Map<Way, List<Signer>> files(List<Signer> keys) {
    Map<Way, List<Signer>> files = new LinkedHashMap<>();
    for (Signer key : keys) {
      Set<Way> ways = new LinkedHashSet<>();
      for (Bootloader bootloader : drawn.bootloaders()) {
        bootloader.anchors().stream()
            .filter(anchor -> anchor.keyId().equals(key.keyId()))
            .forEach(anchor -> ways.add(Way.of(anchor)));
      }
      if (ways.isEmpty()) {
        ways.add(Way.of(key.key().bootAnchor()));
      }
      ways.forEach(way -> files.computeIfAbsent(way, w -> new ArrayList<>()).add(key));
    }
    return files;
  }

  private static byte[] assemble(Build build, ByteSource payload, Way way, List<Signer> keys) {
    AssembleOptions.Builder options =
        AssembleOptions.of(build.version())
            .padHeader()
            .securityCounter(build.counter())
            .hash(way.hash());
    if (way.pure()) {
      options.pure();
    }
    return TestBuild.assemble(payload, options.build(), keys.stream().map(Signer::key).toList());
  }
}
