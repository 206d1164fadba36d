package dev.otasigner.verifier.testing;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.manifest.VersionRange;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import dev.otasigner.verifier.policy.BootloaderComponent;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Makes a build as the service would: images, bootloader component, manifest, signatures, listing.
 * What is not said is right for {@link TestFleet#device()}; each step can be made to go wrong.
 */
public final class TestBuild {
  private final ImageVersion version;
  private final Map<String, Signers> variants = new LinkedHashMap<>();
  private long counter = TestFleet.FACTORY_COUNTER;
  private ImageFormat format = ImageFormat.MCUBOOT;
  private String product = TestFleet.PRODUCT;
  private Manifest.Hardware hardware =
      new Manifest.Hardware(TestFleet.HARDWARE.id(), List.of(TestFleet.HARDWARE.revision()));
  private Instant built = Instant.parse("2026-06-01T00:00:00Z");
  private final List<VersionRange> from = new ArrayList<>();
  private final List<Manifest.Requirement> requires = new ArrayList<>();
  private List<TestKey> manifestKeys = List.of(TestFleet.OLD_MANIFEST_KEY);
  private TestProfile profile = TestFleet.factoryProfile();
  private @Nullable Bootloader bootloader;
  private List<TestKey> componentKeys = List.of(TestFleet.OLD_IMAGE_KEY);
  private UnaryOperator<byte[]> componentEdit = UnaryOperator.identity();
  private UnaryOperator<AssembleOptions.Builder> options = UnaryOperator.identity();
  private UnaryOperator<byte[]> imageEdit = UnaryOperator.identity();
  private UnaryOperator<Manifest> manifestEdit = UnaryOperator.identity();
  private UnaryOperator<Json.Obj> jsonEdit = UnaryOperator.identity();
  private boolean bridge;
  private int sharePerMille = 1000;
  private int payloadBytes = 4096;

  private record Signers(List<TestKey> keys, ImageHash hash, boolean pure) {}

  private TestBuild(ImageVersion version) {
    this.version = version;
  }

  /** A build of this version, such as {@code 34.0}. */
  public static TestBuild of(String version) {
    return new TestBuild(TestFleet.version(version));
  }

  /** One image signed by all of these behind one hash. */
  public TestBuild image(String variant, TestKey... keys) {
    return image(variant, keys[0].bootAnchor().hash(), false, keys);
  }

  public TestBuild image(String variant, ImageHash hash, boolean pure, TestKey... keys) {
    variants.put(variant, new Signers(List.of(keys), hash, pure));
    return this;
  }

  /** As long as this before it is signed. */
  public TestBuild payload(int bytes) {
    payloadBytes = bytes;
    return this;
  }

  /** An image that is nothing but its payload. */
  public TestBuild opaque() {
    format = ImageFormat.OPAQUE;
    return this;
  }

  public TestBuild counter(long value) {
    counter = value;
    return this;
  }

  public TestBuild product(String name) {
    product = name;
    return this;
  }

  public TestBuild hardware(String id, String... revisions) {
    hardware = new Manifest.Hardware(id, List.of(revisions));
    return this;
  }

  public TestBuild built(Instant time) {
    built = time;
    return this;
  }

  public TestBuild from(String min, String max) {
    from.add(new VersionRange(TestFleet.version(min), TestFleet.version(max)));
    return this;
  }

  public TestBuild requires(String component, String min) {
    requires.add(new Manifest.Requirement(component, TestFleet.version(min)));
    return this;
  }

  public TestBuild manifestBy(TestKey... keys) {
    manifestKeys = List.of(keys);
    return this;
  }

  public TestBuild profile(TestProfile value) {
    profile = value;
    return this;
  }

  /** Brings this bootloader, in a component signed by these keys. */
  public TestBuild brings(Bootloader next, TestKey... keys) {
    bootloader = next;
    componentKeys = List.of(keys);
    return this;
  }

  /** Changes the component before the manifest is made. */
  public TestBuild editComponent(UnaryOperator<byte[]> edit) {
    componentEdit = edit;
    return this;
  }

  /** Changes how images are assembled. */
  public TestBuild options(UnaryOperator<AssembleOptions.Builder> edit) {
    options = edit;
    return this;
  }

  /** Changes each image before the manifest is made, which then names the changed bytes. */
  public TestBuild editImage(UnaryOperator<byte[]> edit) {
    imageEdit = edit;
    return this;
  }

  /** Changes the manifest before it is signed. */
  public TestBuild editManifest(UnaryOperator<Manifest> edit) {
    manifestEdit = edit;
    return this;
  }

  /** Changes the manifest's document before it is signed. */
  public TestBuild editJson(UnaryOperator<Json.Obj> edit) {
    jsonEdit = edit;
    return this;
  }

  public TestBuild bridge() {
    bridge = true;
    return this;
  }

  public TestBuild share(int perMille) {
    sharePerMille = perMille;
    return this;
  }

  public Made make() {
    if (variants.isEmpty()) {
      image("main", TestFleet.OLD_IMAGE_KEY);
    }
    Map<String, byte[]> images = new LinkedHashMap<>();
    variants.forEach((name, signers) -> images.put(name, imageEdit.apply(image(signers))));
    Optional<byte[]> component = Optional.ofNullable(bootloader).map(this::component);
    Manifest manifest = manifestEdit.apply(manifest(images, component));
    byte[] document = jsonEdit.apply(manifest.toJson()).canonicalBytes();
    Envelope envelope = new Envelope(Manifest.PAYLOAD_TYPE, Bytes.copyOf(document), List.of());
    for (TestKey key : manifestKeys) {
      envelope = key.sign(envelope);
    }
    Head.Candidate listing =
        Head.Candidate.of(
            manifest,
            TestFleet.CHANNEL,
            TestFleet.HARDWARE.id(),
            bridge,
            Bytes.copyOf(new byte[8]),
            sharePerMille);
    return new Made(
        manifest, Bytes.copyOf(envelope.toBytes()), images, component, profile.read(), listing);
  }

  private Manifest manifest(Map<String, byte[]> images, Optional<byte[]> component) {
    List<Manifest.Variant> stated = new ArrayList<>();
    variants.forEach(
        (name, signers) -> {
          byte[] bytes = Objects.requireNonNull(images.get(name));
          stated.add(
              new Manifest.Variant(
                  name,
                  bytes.length,
                  Digest.of(bytes),
                  signers.keys().get(0).suite(),
                  signers.hash(),
                  signers.pure(),
                  signers.keys().stream().map(TestKey::keyId).toList()));
        });
    Bootloader next = bootloader;
    return new Manifest(
        product,
        List.of(hardware),
        version,
        counter,
        format,
        built,
        stated,
        profile.read().digest(),
        from,
        requires,
        next == null
            ? Optional.empty()
            : component.map(bytes -> BootloaderComponent.stated(next, bytes)));
  }

  private byte[] image(Signers signers) {
    byte[] payload = new byte[payloadBytes];
    Arrays.fill(payload, (byte) version.major());
    if (format == ImageFormat.OPAQUE) {
      return payload;
    }
    AssembleOptions.Builder builder =
        AssembleOptions.of(version).padHeader().securityCounter(counter).hash(signers.hash());
    if (signers.pure()) {
      builder.pure();
    }
    return assemble(ByteSource.of(payload), options.apply(builder).build(), signers.keys());
  }

  private byte[] component(Bootloader next) {
    AssembleOptions.Builder builder =
        AssembleOptions.of(version).padHeader().securityCounter(counter);
    return componentEdit.apply(
        assemble(BootloaderComponent.payload(next), builder.build(), componentKeys));
  }

  /** Assembles an image signed by test keys. */
  public static byte[] assemble(ByteSource payload, AssembleOptions options, List<TestKey> keys) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      McubootAssembler.assemble(
          payload, options, keys.stream().map(TestBuild::signer).toList(), out);
    } catch (IOException | RejectedException e) {
      throw new IllegalStateException(e);
    }
    return out.toByteArray();
  }

  private static ImageSigner signer(TestKey key) {
    return new ImageSigner() {
      @Override
      public VerificationKey key() {
        return key.key();
      }

      @Override
      public byte[] sign(SigningInput input) {
        return key.sign(input);
      }
    };
  }
}
