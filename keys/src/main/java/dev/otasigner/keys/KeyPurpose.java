package dev.otasigner.keys;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a key is for. A key serves one purpose, and signs only what its purpose allows. */
public enum KeyPurpose {
  /** MCUboot images, by the hash of their signed region. */
  IMAGE,
  /** Build manifests in DSSE envelopes. */
  MANIFEST,
  /** The TUF role {@code root}. */
  ROOT,
  /** The TUF role {@code targets}, which delegates to channels. */
  TARGETS,
  /** A delegated TUF role that lists what one channel and hardware may take. */
  CHANNEL,
  /** The TUF role {@code snapshot}. */
  SNAPSHOT,
  /** The TUF role {@code timestamp}. */
  TIMESTAMP,
  /** Checkpoints of the audit log, and the small TUF role that carries them to devices. */
  AUDIT,
  /** Certificates of devices. */
  DEVICE_CA,
  /** Certificates of the service's listeners. */
  SERVER_TLS,
  /**
   * Digests of images that are assembled elsewhere, where somebody has decided to: nothing can be
   * judged of what they are digests of, so that no worker makes such a key by default.
   */
  BARE_DIGEST,
  /** Approvals. Held by an approver, never by a worker: a worker would approve its own work. */
  APPROVAL;

  /** The name on the wire, such as {@code device-ca}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The purpose of this name, or null when the list has none. */
  public static @Nullable KeyPurpose ofCode(String code) {
    for (KeyPurpose purpose : values()) {
      if (purpose.code().equals(code)) {
        return purpose;
      }
    }
    return null;
  }

  /**
   * Whether each use is bound to a request, gives one signature, and stands in the audit log.
   *
   * <p>A thief of the database and of the web tier's credentials must not obtain a signature by an
   * image, manifest, root or targets key whose rule asks for approvals. Bare digests can not be
   * approved.
   */
  public boolean isGuarded() {
    return switch (this) {
      case IMAGE, MANIFEST, ROOT, TARGETS, BARE_DIGEST -> true;
      case CHANNEL, SNAPSHOT, TIMESTAMP, AUDIT, DEVICE_CA, SERVER_TLS, APPROVAL -> false;
    };
  }
}
