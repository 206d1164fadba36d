package dev.otasigner.service.catalogue;

import dev.otasigner.service.fleet.AutomaticStop;
import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Version;
import java.nio.charset.StandardCharsets;
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

  private String notes;

  @Column(name = "notes_before")
  private @Nullable String notesBefore;

  @Column(name = "auto_stop")
  private @Nullable String autoStop;

  @Column(name = "auto_stop_before")
  private @Nullable String autoStopBefore;

  @Column(name = "counting_since")
  private @Nullable Instant countingSince;

  @Column(name = "counting_before")
  private @Nullable Instant countingBefore;

  private @Nullable String halted;

  @Column(name = "halted_before")
  private @Nullable String haltedBefore;

  @Column(name = "offered_until")
  private @Nullable Instant offeredUntil;

  @Column(name = "listed_until")
  private @Nullable Instant listedUntil;

  @Version private long revision;

  /** For JPA. */
  @SuppressWarnings("NullAway.Init")
  protected Release() {}

  Release(ReleaseName name, ReleaseTerms terms, Bytes salt, String author, Instant now) {
    this.id = UUID.randomUUID();
    this.product = name.product();
    this.channel = name.channel();
    this.hardware = name.hardware();
    this.version = name.version().toString();
    this.salt = salt.hex();
    this.state = ReleaseState.PUBLISHED;
    this.author = author;
    this.created = now;
    this.changed = now;
    this.countingSince = now;
    this.pending = true;
    set(terms);
  }

  private void set(ReleaseTerms terms) {
    bridge = terms.bridge();
    sharePerMille = terms.sharePerMille();
    notes = terms.notes();
    autoStop = terms.automaticStop().map(Release::text).orElse(null);
  }

  private static String text(AutomaticStop stop) {
    return new String(stop.toJson().canonicalBytes(), StandardCharsets.UTF_8);
  }

  /**
   * Lists it again, perhaps for another share of the fleet. The salt stays: no device loses its
   * turn. What devices reported counts from now on, unless it was offered all the time.
   */
  void list(ReleaseTerms terms, String by, Instant now) {
    remember();
    set(terms);
    author = by;
    if (state != ReleaseState.PUBLISHED) {
      countingSince = now;
    }
    halted = null;
    offeredUntil = null;
    listedUntil = null;
    moveTo(ReleaseState.PUBLISHED, now);
  }

  /** Says why the service has ended it by itself. */
  void halt(String why) {
    halted = why;
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
    notesBefore = notes;
    autoStopBefore = autoStop;
    countingBefore = countingSince;
    haltedBefore = halted;
  }

  private void settle() {
    pending = false;
    stateBefore = null;
    authorBefore = null;
    notesBefore = null;
    autoStopBefore = null;
    countingBefore = null;
    haltedBefore = null;
  }

  /** The catalogue has followed; no older one is good after this time. */
  void settle(Instant until) {
    if (state != ReleaseState.PUBLISHED && offeredUntil == null) {
      offeredUntil = until;
    }
    if (!state.isListed() && listedUntil == null) {
      listedUntil = until;
    }
    settle();
  }

  /** Where it stood before what was decided last, or empty when it was not there. */
  Optional<ReleaseState> before() {
    return Optional.ofNullable(stateBefore);
  }

  /** Undoes what was decided last. */
  void goBack(ReleaseState before, Instant now, Instant until) {
    bridge = bridgeBefore;
    sharePerMille = shareBefore;
    author = Objects.requireNonNull(authorBefore);
    notes = notesBefore == null ? "" : notesBefore;
    autoStop = autoStopBefore;
    countingSince = countingBefore;
    halted = haltedBefore;
    moveTo(before, now);
    settle(until);
  }

  /** Whether going back would list or offer what was stopped by the decision. */
  boolean isStoppedSince() {
    return isStopped() && stateBefore != null && stateBefore.isListed();
  }

  private boolean isStopped() {
    return state == ReleaseState.PAUSED
        || state == ReleaseState.WITHDRAWN
        || state == ReleaseState.STOPPED;
  }

  UUID id() {
    return id;
  }

  Instant changed() {
    return changed;
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

  ReleaseName name() {
    return new ReleaseName(product, channel, hardware, version());
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

  public String notes() {
    return notes;
  }

  /** Its own rule; empty when the product's holds. */
  Optional<AutomaticStop> automaticStop() {
    if (autoStop == null) {
      return Optional.empty();
    }
    try {
      byte[] stored = autoStop.getBytes(StandardCharsets.UTF_8);
      return Optional.of(AutomaticStop.read(JsonReader.readObject(stored, stored.length)));
    } catch (RejectedException e) {
      throw damaged(e);
    }
  }

  /** What devices reported before says nothing of this rollout. */
  Instant countingSince() {
    return countingSince == null ? created : countingSince;
  }

  /** Why the service has ended it by itself. */
  Optional<String> halted() {
    return Optional.ofNullable(halted);
  }

  /** Until when a device may still take it that holds an old timestamp, once that is known. */
  Optional<Instant> offeredUntil() {
    return Optional.ofNullable(offeredUntil);
  }

  /** Until when somebody may hold a catalogue that lists it, once that is known. */
  Optional<Instant> listedUntil() {
    return Optional.ofNullable(listedUntil);
  }

  boolean isPending() {
    return pending;
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
        .put("notes", notes)
        .put("author", author)
        .put("created", created)
        .put("changed", changed)
        .put("offeredUntil", offeredUntil)
        .put("halted", halted)
        .build();
  }
}
