package dev.otasigner.verifier.device;

import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * A device's bootloader: what boots, and whether it can ever change.
 *
 * @param id its name, one of {@link Fields#isName}
 * @param anchors the keys it boots; outside both slots, never written by the OS
 * @param trialAnchors keys of a bootloader component on trial; empty unless one is being confirmed
 * @param allowList refuses unprotected TLVs it does not know, as every port's default build does
 *     (MCUboot design, "TLV allow list")
 * @param rollbackProtection compares the image's security counter with the stored one (MCUboot
 *     design, "Hardware-based downgrade prevention")
 * @param updatable takes a new bootloader component, under its present anchors
 * @param keyTlv how images name their key
 * @param slotBytes size of an image slot in bytes, trailer included
 */
public record Bootloader(
    String id,
    List<BootAnchor> anchors,
    List<BootAnchor> trialAnchors,
    boolean allowList,
    boolean rollbackProtection,
    boolean updatable,
    KeyTlv keyTlv,
    long slotBytes) {

  /** How an image names the key that signed it. */
  public enum KeyTlv {
    /** By the hash of the key. */
    KEYHASH("keyhash"),
    /** By the whole key. */
    PUBKEY("pubkey");

    private final String code;

    KeyTlv(String code) {
      this.code = code;
    }

    /** The name on the wire: {@code keyhash}. */
    public String code() {
      return code;
    }

    /** The constant of this name on the wire, or null when there is none. */
    public static @org.jspecify.annotations.Nullable KeyTlv ofCode(String code) {
      for (KeyTlv value : values()) {
        if (value.code.equals(code)) {
          return value;
        }
      }
      return null;
    }
  }

  public Bootloader {
    anchors = List.copyOf(anchors);
    trialAnchors = List.copyOf(trialAnchors);
  }

  /** Present and trial anchors: what a trial boot accepts. */
  public List<BootAnchor> accepted() {
    List<BootAnchor> all = new ArrayList<>(anchors);
    for (BootAnchor trial : trialAnchors) {
      if (!all.contains(trial)) {
        all.add(trial);
      }
    }
    return all;
  }

  /**
   * Reads a bootloader.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link BootAnchor#MAX_ANCHORS};
   *     UNSUPPORTED_ALGORITHM and KEYID_MISMATCH for an anchor, as {@link BootAnchor#read};
   *     MALFORMED
   */
  public static Bootloader read(Fields fields) throws RejectedException {
    return new Bootloader(
        fields.name("id"),
        BootAnchor.readAll(fields, "anchors"),
        BootAnchor.readAll(fields, "trialAnchors"),
        fields.bool("allowList"),
        fields.bool("rollbackProtection"),
        fields.bool("updatable"),
        fields.oneOf("keyTlv", KeyTlv::ofCode, "key TLV"),
        fields.integer("slotBytes", 1, Long.MAX_VALUE));
  }

  /** The form on the wire, as {@link #read} reads it. */
  public Json.Obj toJson() {
    return Json.object()
        .put("id", id)
        .put("anchors", BootAnchor.toJson(anchors))
        .put("trialAnchors", BootAnchor.toJson(trialAnchors))
        .put("allowList", allowList)
        .put("rollbackProtection", rollbackProtection)
        .put("updatable", updatable)
        .put("keyTlv", keyTlv.code())
        .put("slotBytes", slotBytes)
        .build();
  }
}
