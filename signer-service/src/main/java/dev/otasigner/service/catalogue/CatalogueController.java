package dev.otasigner.service.catalogue;

import dev.otasigner.service.catalogue.storage.RepositoryStorage;
import dev.otasigner.service.catalogue.storage.StoredObject;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.tuf.Fetcher;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/**
 * Serves the catalogue's files, on the management port under {@code /catalogue} and to devices at
 * the root. All of them are public, and each says of itself what it is: a digest stands in its name
 * or follows from its bytes, so that ranges and conditional requests are exact.
 */
@RestController
class CatalogueController {
  private static final CacheControl FOR_EVER =
      CacheControl.maxAge(Duration.ofDays(365)).cachePublic().immutable();

  /** How long a withdrawal may stay unseen behind a cache. */
  private static final CacheControl SHORT =
      CacheControl.maxAge(Duration.ofMinutes(1)).cachePublic();

  private static final Pattern METADATA = Pattern.compile("[A-Za-z0-9._-]{1,160}\\.json");

  /** The digest that consistent snapshots put before a file's name. */
  private static final Pattern TARGET = Pattern.compile("([0-9a-f]{64})\\.[^/]+");

  private static final int MAX_METADATA_BYTES = 16 * 1024 * 1024;

  private final CatalogueStorages storages;

  CatalogueController(CatalogueStorages storages) {
    this.storages = storages;
  }

  @GetMapping({
    "/catalogue/{product}/{lineage}/metadata/{file}",
    "/{product}/{lineage}/metadata/{file}"
  })
  ResponseEntity<Resource> metadata(
      @PathVariable String product,
      @PathVariable String lineage,
      @PathVariable String file,
      HttpServletRequest request)
      throws IOException {
    HttpHeaders asked = headers(request);
    RepositoryStorage repository = repository(product, lineage);
    String name = Fetcher.METADATA + file;
    Optional<byte[]> bytes =
        METADATA.matcher(file).matches()
            ? repository.read(name, MAX_METADATA_BYTES)
            : Optional.empty();
    if (bytes.isEmpty()) {
      throw SignerException.notFound("metadata " + file);
    }
    boolean isPointer = name.equals(RepositoryFiles.TIMESTAMP);
    ServedFile served =
        new ServedFile(
            MediaType.APPLICATION_JSON,
            isPointer ? SHORT : FOR_EVER,
            Digest.of(bytes.get()).hex(),
            new ByteArrayResource(bytes.get()));
    return isPointer
        ? packedNow(bytes.get(), served, asked)
        : packed(repository, name, served, asked);
  }

  /**
   * The timestamp has no packed twin, since two files can not be replaced in one step: what is read
   * is packed for whoever takes it so.
   */
  private static ResponseEntity<Resource> packedNow(
      byte[] bytes, ServedFile served, HttpHeaders asked) throws IOException {
    Optional<byte[]> packed =
        asked.containsHeader(HttpHeaders.ACCEPT_ENCODING) ? Packed.of(bytes) : Optional.empty();
    return packed.isPresent()
        ? served.either(new ByteArrayResource(packed.get()), asked)
        : served.plain(asked);
  }

  @GetMapping({
    "/catalogue/{product}/{lineage}/targets/{*rest}",
    "/{product}/{lineage}/targets/{*rest}"
  })
  ResponseEntity<Resource> target(
      @PathVariable String product,
      @PathVariable String lineage,
      @PathVariable String rest,
      HttpServletRequest request)
      throws IOException {
    String path = rest.substring(1);
    String name = Fetcher.TARGETS + path;
    Matcher digest = TARGET.matcher(path.substring(path.lastIndexOf('/') + 1));
    RepositoryStorage repository = repository(product, lineage);
    Optional<StoredObject> object =
        digest.matches() && !path.endsWith(Packed.SUFFIX)
            ? repository.find(name)
            : Optional.empty();
    if (object.isEmpty()) {
      throw SignerException.notFound("target " + path);
    }
    ServedFile served =
        new ServedFile(
            MediaType.APPLICATION_OCTET_STREAM,
            FOR_EVER,
            digest.group(1),
            new StoredResource(object.get(), path));
    return packed(repository, name, served, headers(request));
  }

  private static HttpHeaders headers(HttpServletRequest request) {
    return new ServletServerHttpRequest(request).getHeaders();
  }

  /** As its packed twin, where there is one and the client takes it. */
  private static ResponseEntity<Resource> packed(
      RepositoryStorage repository, String name, ServedFile served, HttpHeaders asked)
      throws IOException {
    Optional<StoredObject> twin = repository.find(name + Packed.SUFFIX);
    return twin.isPresent()
        ? served.either(new StoredResource(twin.get(), name + Packed.SUFFIX), asked)
        : served.plain(asked);
  }

  private RepositoryStorage repository(String product, String lineage) {
    if (!Fields.isName(product) || !Fields.isName(lineage)) {
      throw SignerException.notFound("repository " + product + "/" + lineage);
    }
    return storages.of(new LineageKey(product, lineage));
  }
}
