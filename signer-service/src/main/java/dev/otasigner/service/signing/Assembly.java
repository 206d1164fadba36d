package dev.otasigner.service.signing;

import dev.otasigner.service.keyring.KeyUse;
import dev.otasigner.service.signing.SigningPlan.ImageFile;
import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.SigningInput;
import dev.otasigner.verifier.crypto.VerificationKey;
import dev.otasigner.verifier.device.BootAnchor;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.ImageFormat;
import dev.otasigner.verifier.manifest.Manifest;
import dev.otasigner.verifier.mcuboot.AssembleOptions;
import dev.otasigner.verifier.mcuboot.ImageSigner;
import dev.otasigner.verifier.mcuboot.McubootAssembler;
import dev.otasigner.verifier.policy.BootloaderComponent;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Makes a build of a plan: images, perhaps a bootloader component, and the manifest over all of
 * them. Everything lies in the payload store when it returns; nothing is released by it.
 */
final class Assembly {
  private final PayloadStore payloads;
  private final SigningKeys keys;

  Assembly(PayloadStore payloads, SigningKeys keys) {
    this.payloads = payloads;
    this.keys = keys;
  }

  /** What was made, by digest. */
  record Made(Digest manifest, Optional<Digest> component, List<Manifest.Variant> variants) {
    Made {
      variants = List.copyOf(variants);
    }
  }

  /**
   * What the signatures are asked with.
   *
   * @param document the canonical request document
   * @param uses is told of each use of a key, also when nothing comes of the whole
   */
  record Mandate(Bytes document, List<Bytes> approvals, Consumer<KeyUse> uses) {
    Mandate {
      approvals = List.copyOf(approvals);
    }
  }

  /**
   * The manifest before anything is signed. Digests and lengths of signed files, which only their
   * signatures settle, are those of the payload, for nobody to read.
   */
  static Manifest draft(String product, RequestSpec spec, SigningPlan plan, Instant built) {
    List<Manifest.Variant> variants = new ArrayList<>();
    if (spec.format() == ImageFormat.OPAQUE) {
      variants.add(opaque(spec, plan));
    } else if (spec.finished()) {
      variants.add(finished(spec, plan));
    }
    for (ImageFile image : plan.images()) {
      variants.add(variant(image, plan.payloadBytes(), spec.payload()));
    }
    return manifest(
        product,
        spec,
        built,
        variants,
        plan.bootloader().map(next -> component(next, plan.payloadBytes(), spec.payload())));
  }

  /** Signs and stores. */
  Made make(String product, RequestSpec spec, SigningPlan plan, Mandate mandate, Instant built)
      throws RejectedException, IOException {
    List<Manifest.Variant> variants =
        spec.format() == ImageFormat.OPAQUE
            ? List.of(opaque(spec, plan))
            : spec.finished() ? List.of(finished(spec, plan)) : images(spec, plan, mandate);
    Optional<Manifest.BootloaderComponent> component = Optional.empty();
    if (plan.bootloader().isPresent()) {
      component = Optional.of(component(spec, plan, mandate));
    }
    Manifest manifest = manifest(product, spec, built, variants, component);
    Envelope envelope =
        new Envelope(
            Manifest.PAYLOAD_TYPE, Bytes.copyOf(manifest.toJson().canonicalBytes()), List.of());
    SigningInput input = SigningInput.message(envelope.toBeSigned());
    for (SigningKey key : plan.manifestKeys()) {
      byte[] signature = sign(key, input, mandate);
      envelope = envelope.with(new Envelope.Signature(key.keyId(), Bytes.copyOf(signature)));
    }
    return new Made(
        payloads.store(envelope.toBytes()).sha256(),
        component.map(Manifest.BootloaderComponent::sha256),
        variants);
  }

  /**
   * What the image keys would sign, without any of them: one digest for each image, which all of
   * its signers share.
   */
  List<Digest> toBeSigned(RequestSpec spec, SigningPlan plan)
      throws RejectedException, IOException {
    List<Digest> digests = new ArrayList<>();
    for (ImageFile image : plan.images()) {
      digests.add(unsigned(ByteSource.of(plan.payload()), options(spec, plan, image), image));
    }
    if (plan.bootloader().isPresent()) {
      ByteSource payload = BootloaderComponent.payload(plan.bootloader().get());
      digests.add(unsigned(payload, componentOptions(spec, plan), plan.images().get(0)));
    }
    return digests;
  }

  private static Digest unsigned(ByteSource payload, AssembleOptions options, ImageFile image)
      throws RejectedException, IOException {
    Unsigned signer = new Unsigned(image.keys().get(0).anchor().key());
    try {
      McubootAssembler.assemble(payload, options, List.of(signer), OutputStream.nullOutputStream());
    } catch (NotSigned e) {
      return e.toBeSigned;
    }
    throw new IllegalStateException("an image was assembled without its signer");
  }

  /** Ends an assembly where the first signature would be asked for. */
  private record Unsigned(VerificationKey key) implements ImageSigner {
    @Override
    public byte[] sign(SigningInput input) throws IOException {
      throw new NotSigned(Digest.of(input.bytes()));
    }
  }

  private static final class NotSigned extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient Digest toBeSigned;

    NotSigned(Digest toBeSigned) {
      super("nothing is signed yet");
      this.toBeSigned = toBeSigned;
    }
  }

  private static Manifest manifest(
      String product,
      RequestSpec spec,
      Instant built,
      List<Manifest.Variant> variants,
      Optional<Manifest.BootloaderComponent> component) {
    return new Manifest(
        product,
        spec.hardware(),
        spec.version(),
        spec.securityCounter(),
        spec.format(),
        built,
        variants,
        spec.profile(),
        spec.from(),
        spec.requires(),
        component);
  }

  /** The payload is the image; its digest in the manifest is all that vouches for it. */
  private static Manifest.Variant opaque(RequestSpec spec, SigningPlan plan) {
    return new Manifest.Variant(
        "image",
        plan.payloadBytes(),
        spec.payload(),
        plan.manifestKeys().get(0).anchor().suite(),
        ImageHash.SHA256,
        false,
        List.of());
  }

  /** Signed elsewhere: stated by the keys whose signatures were found in it. */
  private static Manifest.Variant finished(RequestSpec spec, SigningPlan plan) {
    BootAnchor first = plan.signedBy().get(0);
    return new Manifest.Variant(
        "image",
        plan.payloadBytes(),
        spec.payload(),
        first.anchor().suite(),
        first.hash(),
        first.pure(),
        plan.signedBy().stream().map(BootAnchor::keyId).toList());
  }

  private List<Manifest.Variant> images(RequestSpec spec, SigningPlan plan, Mandate mandate)
      throws RejectedException, IOException {
    List<Manifest.Variant> variants = new ArrayList<>();
    for (ImageFile image : plan.images()) {
      PayloadStore.Stored stored =
          assemble(ByteSource.of(plan.payload()), options(spec, plan, image), image, mandate);
      variants.add(variant(image, stored.lengthBytes(), stored.sha256()));
    }
    return variants;
  }

  private static Manifest.Variant variant(ImageFile image, long lengthBytes, Digest sha256) {
    return new Manifest.Variant(
        image.name(),
        lengthBytes,
        sha256,
        image.keys().get(0).anchor().suite(),
        image.hash(),
        image.pure(),
        image.keys().stream().map(SigningKey::keyId).toList());
  }

  private static Manifest.BootloaderComponent component(
      Bootloader next, long lengthBytes, Digest sha256) {
    return new Manifest.BootloaderComponent(next.id(), lengthBytes, sha256, next.anchors());
  }

  private static AssembleOptions options(RequestSpec spec, SigningPlan plan, ImageFile image) {
    RequestSpec.Layout layout = spec.layout();
    AssembleOptions.Builder options =
        common(spec, plan, image).slotBytes(layout.slotBytes()).align(layout.align());
    if (layout.padHeader()) {
      options.padHeader();
    }
    if (layout.pad()) {
      options.pad();
    }
    if (layout.confirm()) {
      options.confirm();
    }
    return options.headerBytes(layout.headerBytes()).build();
  }

  private static AssembleOptions.Builder common(
      RequestSpec spec, SigningPlan plan, ImageFile image) {
    AssembleOptions.Builder options =
        AssembleOptions.of(spec.version())
            .securityCounter(spec.securityCounter())
            .hash(image.hash())
            .keyTlv(plan.keyTlv());
    return image.pure() ? options.pure() : options;
  }

  /** An image like any other, whose payload says what the bootloader becomes. */
  private Manifest.BootloaderComponent component(
      RequestSpec spec, SigningPlan plan, Mandate mandate) throws RejectedException, IOException {
    var next = plan.bootloader().orElseThrow();
    ImageFile image = plan.images().get(0);
    PayloadStore.Stored stored =
        assemble(BootloaderComponent.payload(next), componentOptions(spec, plan), image, mandate);
    return component(next, stored.lengthBytes(), stored.sha256());
  }

  private static AssembleOptions componentOptions(RequestSpec spec, SigningPlan plan) {
    return common(spec, plan, plan.images().get(0)).padHeader().build();
  }

  private PayloadStore.Stored assemble(
      ByteSource payload, AssembleOptions options, ImageFile image, Mandate mandate)
      throws RejectedException, IOException {
    List<ImageSigner> signers = new ArrayList<>();
    for (SigningKey key : image.keys()) {
      signers.add(new KeyringSigner(key, mandate));
    }
    return payloads.store(
        (PayloadStore.Content) out -> McubootAssembler.assemble(payload, options, signers, out));
  }

  private byte[] sign(SigningKey key, SigningInput input, Mandate mandate) {
    return keys.sign(key.keyId(), mandate.document(), input, mandate.approvals(), mandate.uses());
  }

  /** The assembler sees signatures only; the key stays with the worker. */
  private final class KeyringSigner implements ImageSigner {
    private final SigningKey signer;
    private final Mandate mandate;

    KeyringSigner(SigningKey signer, Mandate mandate) {
      this.signer = signer;
      this.mandate = mandate;
    }

    @Override
    public VerificationKey key() {
      return signer.anchor().key();
    }

    @Override
    public byte[] sign(SigningInput input) {
      return Assembly.this.sign(signer, input, mandate);
    }
  }
}
