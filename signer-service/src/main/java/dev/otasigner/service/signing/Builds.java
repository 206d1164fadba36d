package dev.otasigner.service.signing;

import dev.otasigner.verifier.ByteSource;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.Profile;
import dev.otasigner.verifier.dsse.Envelope;
import dev.otasigner.verifier.manifest.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.springframework.data.domain.Limit;

/** The builds of all products: signed, accepted by the device's own code, unchangeable. */
public final class Builds {
  private final BuildStore store;
  private final BuildLines lines;
  private final FileUse use;
  private final Uploads uploads;
  private final PayloadStore payloads;
  private final FleetFacts fleet;

  Builds(
      BuildStore store,
      BuildLines lines,
      FileUse use,
      Uploads uploads,
      PayloadStore payloads,
      FleetFacts fleet) {
    this.store = store;
    this.uploads = uploads;
    this.lines = lines;
    this.use = use;
    this.payloads = payloads;
    this.fleet = fleet;
  }

  BuildLines lines() {
    return lines;
  }

  Uploads uploads() {
    return uploads;
  }

  /** For a database of a release that kept no lines, or no files: once, before all else. */
  void fillIn() {
    if (lines.isEmpty()) {
      store.findAll().forEach(build -> lines.add(manifest(build)));
    }
    if (use.isEmpty()) {
      store.findAll().forEach(build -> use.add(build, images(build, manifest(build))));
    }
  }

  private static Set<Digest> images(Build build, Manifest manifest) {
    Set<Digest> files = new LinkedHashSet<>();
    manifest.variants().forEach(variant -> files.add(variant.sha256()));
    build.component().ifPresent(files::add);
    return files;
  }

  /** Adds a build, in the transaction under way. */
  void add(Build build, Manifest manifest) {
    store.save(build);
    lines.add(manifest);
    Set<Digest> images = images(build, manifest);
    use.add(build, images);
    List<Digest> files = new ArrayList<>(List.of(build.manifest()));
    files.addAll(images);
    uploads.keep(files);
  }

  public Optional<Build> find(String product, ImageVersion version) {
    return store.findByProductAndVersion(product, version.toString());
  }

  /** All that is on record of a product's builds, of pruned ones too. */
  public List<FiledBuild> filed(String product) {
    return store.filed(product);
  }

  /**
   * The product's builds, newest version first.
   *
   * @param from not before this version, which need not exist
   */
  public List<Build> newest(String product, Optional<ImageVersion> from, int limit) {
    return store.newest(
        product, from.map(BuildLines::sortable).orElse(BuildLines.LAST), Limit.of(limit));
  }

  /** What a build's manifest says. */
  public Manifest manifest(Build build) {
    try {
      return manifestOf(payloads.read(build.manifest()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RejectedException e) {
      throw damaged(build, e);
    }
  }

  /**
   * All bytes of a build.
   *
   * @throws IOException when a file of it is gone from the store
   */
  public BuildFiles files(Build build) throws IOException {
    try {
      byte[] envelope = payloads.read(build.manifest());
      return files(envelope, build.component());
    } catch (RejectedException e) {
      throw damaged(build, e);
    }
  }

  /** The bytes that belong to a manifest's file, each found by its digest. */
  BuildFiles files(byte[] envelope, Optional<Digest> component)
      throws RejectedException, IOException {
    Manifest manifest = manifestOf(envelope);
    Map<String, ByteSource> images = new LinkedHashMap<>();
    for (Manifest.Variant variant : manifest.variants()) {
      images.put(variant.name(), source(variant.sha256()));
    }
    Bytes profile =
        fleet
            .profile(manifest.product(), manifest.profile())
            .orElseThrow(() -> new IOException("profile " + manifest.profile() + " is gone"));
    Optional<ByteSource> componentFile = Optional.empty();
    if (component.isPresent()) {
      componentFile = Optional.of(source(component.get()));
    }
    return new BuildFiles(
        manifest,
        Bytes.copyOf(envelope),
        images,
        Profile.read(profile.toByteArray()),
        componentFile);
  }

  private ByteSource source(Digest sha256) throws IOException {
    return ByteSource.of(payloads.require(sha256));
  }

  static Manifest manifestOf(byte[] envelope) throws RejectedException {
    return Manifest.read(Envelope.read(envelope).payloadOf(Manifest.PAYLOAD_TYPE).toByteArray());
  }

  private static IllegalStateException damaged(Build build, RejectedException e) {
    return new IllegalStateException("build " + build.version() + " is damaged", e);
  }
}
