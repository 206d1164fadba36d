package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.time.Instant;
import java.util.UUID;

/** A build listed in a channel for a hardware. */
@Entity
@Table(name = "catalogue_release")
public class Release {
  @Id private UUID id;
  private String product;
  private String channel;
  private String hardware;
  private String version;
  private boolean bridge;

  @Column(name = "share_per_mille")
  private int sharePerMille;

  private String salt;

  @Enumerated(EnumType.STRING)
  private ReleaseState state;

  private String author;
  private Instant created;
  private Instant changed;
  @Version private long revision;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected Release() {}

  Release(ReleaseOrder order, Bytes salt, String author, Instant now) {
    this.id = UUID.randomUUID();
    this.product = order.product();
    this.channel = order.channel();
    this.hardware = order.hardware();
    this.version = order.version().toString();
    this.bridge = order.bridge();
    this.sharePerMille = order.sharePerMille();
    this.salt = salt.hex();
    this.state = ReleaseState.PUBLISHED;
    this.author = author;
    this.created = now;
    this.changed = now;
  }

  /**
   * Lists it again, perhaps for another share of the fleet. The salt stays: no device loses its
   * turn.
   */
  void list(ReleaseOrder order, String by, Instant now) {
    bridge = order.bridge();
    sharePerMille = order.sharePerMille();
    author = by;
    moveTo(ReleaseState.PUBLISHED, now);
  }

  void moveTo(ReleaseState next, Instant now) {
    state = next;
    changed = now;
  }

  UUID id() {
    return id;
  }

  Instant created() {
    return created;
  }

  public String product() {
    return product;
  }

  public String channel() {
    return channel;
  }

  public String hardware() {
    return hardware;
  }

  public ImageVersion version() {
    try {
      return ImageVersion.parse(version);
    } catch (RejectedException e) {
      throw damaged(e);
    }
  }

  public boolean isBridge() {
    return bridge;
  }

  public int sharePerMille() {
    return sharePerMille;
  }

  Bytes salt() {
    try {
      return Bytes.ofHex(salt);
    } catch (RejectedException e) {
      throw damaged(e);
    }
  }

  public ReleaseState state() {
    return state;
  }

  private IllegalStateException damaged(RejectedException e) {
    return new IllegalStateException("release " + id + " is damaged in the database", e);
  }

  /** As the HTTP API shows it. */
  Json.Obj toJson() {
    return Json.object()
        .put("product", product)
        .put("channel", channel)
        .put("hardware", hardware)
        .put("version", version)
        .put("bridge", bridge)
        .put("sharePerMille", sharePerMille)
        .put("state", state.code())
        .put("author", author)
        .put("created", created)
        .put("changed", changed)
        .build();
  }
}
