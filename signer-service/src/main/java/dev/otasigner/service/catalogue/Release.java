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
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

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

  /** Whether the catalogue has still to follow what was decided last. */
  private boolean pending;

  @Enumerated(EnumType.STRING)
  @Column(name = "state_before")
  private @Nullable ReleaseState stateBefore;

  @Column(name = "bridge_before")
  private boolean bridgeBefore;

  @Column(name = "share_before")
  private int shareBefore;

  @Column(name = "author_before")
  private @Nullable String authorBefore;

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
    this.pending = true;
  }

  /**
   * Lists it again, perhaps for another share of the fleet. The salt stays: no device loses its
   * turn.
   */
  void list(ReleaseOrder order, String by, Instant now) {
    remember();
    bridge = order.bridge();
    sharePerMille = order.sharePerMille();
    author = by;
    moveTo(ReleaseState.PUBLISHED, now);
  }

  void moveTo(ReleaseState next, Instant now) {
    state = next;
    changed = now;
  }

  /**
   * Keeps how it is, before a decision. What the catalogue has not followed yet is nothing to go
   * back to, unless it stops the release.
   */
  void remember() {
    if (pending && !isStopped()) {
      return;
    }
    pending = true;
    stateBefore = state;
    bridgeBefore = bridge;
    shareBefore = sharePerMille;
    authorBefore = author;
  }

  /** The catalogue has followed. */
  void settle() {
    pending = false;
    stateBefore = null;
    authorBefore = null;
  }

  /** Where it stood before what was decided last, or empty when it was not there. */
  Optional<ReleaseState> before() {
    return Optional.ofNullable(stateBefore);
  }

  /** Undoes what was decided last. */
  void goBack(ReleaseState before, Instant now) {
    bridge = bridgeBefore;
    sharePerMille = shareBefore;
    author = Objects.requireNonNull(authorBefore);
    moveTo(before, now);
    settle();
  }

  /** Whether going back would list or offer what was stopped by the decision. */
  boolean isStoppedSince() {
    return isStopped() && stateBefore != null && stateBefore.isListed();
  }

  private boolean isStopped() {
    return state == ReleaseState.PAUSED || state == ReleaseState.WITHDRAWN;
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
