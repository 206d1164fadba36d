package dev.otasigner.service.catalogue;

import dev.otasigner.service.ServiceDirectories;
import dev.otasigner.service.problem.SignerException;
import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.json.Fields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.core.io.FileSystemResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
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
  private static final Pattern METADATA = Pattern.compile("[A-Za-z0-9._-]{1,160}\\.json");

  /** The digest that consistent snapshots put before a file's name. */
  private static final Pattern TARGET = Pattern.compile("([0-9a-f]{64})\\.[^/]+");

  private final Path catalogue;

  CatalogueController(ServiceDirectories directories) {
    this.catalogue = directories.catalogue();
  }

  @GetMapping({
    "/catalogue/{product}/{lineage}/metadata/{file}",
    "/{product}/{lineage}/metadata/{file}"
  })
  ResponseEntity<Resource> metadata(
      @PathVariable String product, @PathVariable String lineage, @PathVariable String file)
      throws IOException {
    if (!METADATA.matcher(file).matches()) {
      throw SignerException.notFound("metadata " + file);
    }
    Path path = repository(product, lineage).resolve("metadata").resolve(file);
    if (!Files.isRegularFile(path)) {
      throw SignerException.notFound("metadata " + file);
    }
    byte[] bytes = Files.readAllBytes(path);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_JSON)
        .cacheControl(file.equals("timestamp.json") ? CacheControl.noCache() : FOR_EVER)
        .eTag('"' + Digest.of(bytes).hex() + '"')
        .body(new ByteArrayResource(bytes));
  }

  @GetMapping({
    "/catalogue/{product}/{lineage}/targets/{*rest}",
    "/{product}/{lineage}/targets/{*rest}"
  })
  ResponseEntity<Resource> target(
      @PathVariable String product, @PathVariable String lineage, @PathVariable String rest) {
    Path targets = repository(product, lineage).resolve("targets");
    Path path = targets.resolve(rest.substring(1)).normalize();
    Matcher name = TARGET.matcher(String.valueOf(path.getFileName()));
    if (!path.startsWith(targets) || !name.matches() || !Files.isRegularFile(path)) {
      throw SignerException.notFound("target " + rest.substring(1));
    }
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .cacheControl(FOR_EVER)
        .eTag('"' + name.group(1) + '"')
        .body(new FileSystemResource(path));
  }

  private Path repository(String product, String lineage) {
    if (!Fields.isName(product) || !Fields.isName(lineage)) {
      throw SignerException.notFound("repository " + product + "/" + lineage);
    }
    return catalogue.resolve(product).resolve(lineage);
  }
}
