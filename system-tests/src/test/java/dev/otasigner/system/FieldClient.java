package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.CHANNEL;
import static dev.otasigner.system.RegisteredProduct.HARDWARE;
import static dev.otasigner.system.RegisteredProduct.LINEAGE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.catalogue.Head;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.LineagePolicy;
import dev.otasigner.verifier.tuf.MemoryStore;
import dev.otasigner.verifier.tuf.TargetFile;
import dev.otasigner.verifier.tuf.TufLimits;
import dev.otasigner.verifier.tuf.Updater;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** A client in the field: what it has once seen it never takes anything older for. */
final class FieldClient {
  private final MemoryStore store = new MemoryStore();

  /** One that trusts the first root in this catalogue's directory. */
  static FieldClient trusting(Path catalogue) throws Exception {
    byte[] root =
        Files.readAllBytes(
            catalogue.resolve(PRODUCT).resolve(LINEAGE).resolve("metadata/1.root.json"));
    FieldClient client = new FieldClient();
    Updater.trustRoot(client.store, root, Digest.of(root));
    return client;
  }

  /** The versions that it is offered, newest first. */
  List<ImageVersion> offered(ServiceProcess service) throws Exception {
    String base = service.address() + "/catalogue/" + PRODUCT + "/" + LINEAGE + "/";
    Updater updater =
        new Updater(store, over(base), TufLimits.COMMON, LineagePolicy.tufAlone(), Instant.now());
    updater.refresh();
    TargetFile target = updater.find(CHANNEL + "/" + HARDWARE + "/head.json").orElseThrow();
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    updater.downloadTarget(target, head);
    return Head.read(head.toByteArray()).candidates().stream()
        .map(candidate -> candidate.version())
        .toList();
  }

  private static Fetcher over(String base) {
    return (path, maxBytes, to) -> {
      try (InputStream in = URI.create(base + path).toURL().openStream()) {
        Fetcher.copy(in, maxBytes, to);
      } catch (FileNotFoundException e) {
        throw new dev.otasigner.verifier.tuf.NotFoundException(path);
      }
    };
  }
}
