package dev.otasigner.service.signing;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A build as stored: what it is stands in its manifest, and this row never changes. */
@Entity
@Table(name = "build")
public class Build {
  @Id private UUID id;
  private String product;
  private String version;

  @SuppressWarnings("UnusedVariable") // read by the database alone
  private String sortable;

  private String manifest;
  private @Nullable String component;
  private @Nullable UUID request;
  private String author;
  private Instant created;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected Build() {}

  Build(
      String product,
      ImageVersion version,
      Digest manifest,
      Optional<Digest> component,
      @Nullable UUID request,
      String author,
      Instant now) {
    this.id = UUID.randomUUID();
    this.product = product;
    this.version = version.toString();
    this.sortable = BuildLines.sortable(version);
    this.manifest = manifest.hex();
    this.component = component.map(Digest::hex).orElse(null);
    this.request = request;
    this.author = author;
    this.created = now;
  }

  public String product() {
    return product;
  }

  public ImageVersion version() {
    try {
      return ImageVersion.parse(version);
    } catch (RejectedException e) {
      throw new IllegalStateException("build " + id + " is damaged in the database", e);
    }
  }

  /** Digest of the manifest's file: by it devices say what they run. */
  public Digest manifest() {
    return new Digest(manifest);
  }

  /** Digest of the bootloader component's file. */
  public Optional<Digest> component() {
    return Optional.ofNullable(component).map(Digest::new);
  }

  Optional<UUID> request() {
    return Optional.ofNullable(request);
  }

  String author() {
    return author;
  }

  Instant created() {
    return created;
  }
}
