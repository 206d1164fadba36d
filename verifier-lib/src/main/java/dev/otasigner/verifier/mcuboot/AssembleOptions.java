package dev.otasigner.verifier.mcuboot;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.device.BootAnchor.ImageHash;
import dev.otasigner.verifier.device.Bootloader.KeyTlv;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What goes into an image beside payload and signatures; imgtool's options of the same names.
 *
 * @param version in the header
 * @param securityCounter the anti-rollback number, u32, in the protected area
 * @param headerBytes where the payload begins, 32 to 65535
 * @param padHeader the payload brings no room for the header; otherwise it begins with as many
 *     zeroes
 * @param slotBytes size of the slot with its trailer, 0 when unknown
 * @param align write size of the flash in bytes: 1, 2, 4, 8, 16 or 32
 * @param maxSectors sectors that the trailer's swap status has room for, 1 to 65535
 * @param pad fill the slot with erased flash and a trailer; needs {@code slotBytes}
 * @param confirm pad, and mark the image as confirmed
 * @param erased the value of erased flash, 0xff or 0x00
 * @param dependencies other images that it needs (MCUboot design, "Dependency check")
 * @param hash the image hash; by default the usual one of the keys
 * @param pure sign the image itself, with Ed25519 only
 * @param keyTlv name keys by hash or whole
 * @param protectedTlvs boot record, vendor and class identifier, and vendors' own
 */
public record AssembleOptions(
    ImageVersion version,
    OptionalLong securityCounter,
    int headerBytes,
    boolean padHeader,
    long slotBytes,
    int align,
    int maxSectors,
    boolean pad,
    boolean confirm,
    int erased,
    List<Dependency> dependencies,
    Optional<ImageHash> hash,
    boolean pure,
    KeyTlv keyTlv,
    List<ProtectedTlv> protectedTlvs) {
  /** Header size unless another one is asked for. */
  public static final int DEFAULT_HEADER_BYTES = 0x200;

  private static final int UUID_BYTES = 16;

  /**
   * Another image of the device that must be at least this version.
   *
   * @param imageId u8
   * @param min the lowest version that will do
   */
  public record Dependency(int imageId, ImageVersion min) {
    public Dependency {
      if (imageId < 0 || imageId > 0xff) {
        throw new IllegalArgumentException("image of a dependency out of range: 0 to 255");
      }
    }
  }

  /**
   * An entry that the image's hash covers and bootloaders do not look at.
   *
   * @param type {@link TlvType#BOOT_RECORD}, {@link TlvType#UUID_VID}, {@link TlvType#UUID_CID} or
   *     one of {@link TlvType#isVendor}
   * @param value 1 to 65535 bytes; of an identifier exactly 16
   */
  public record ProtectedTlv(int type, Bytes value) {
    public ProtectedTlv {
      boolean uuid = type == TlvType.UUID_VID || type == TlvType.UUID_CID;
      if (!uuid && type != TlvType.BOOT_RECORD && !TlvType.isVendor(type)) {
        throw new IllegalArgumentException("not a type to add: " + TlvType.name(type));
      }
      if (uuid && value.length() != UUID_BYTES) {
        throw new IllegalArgumentException("an identifier of 16 bytes is expected");
      }
      if (value.length() < 1 || value.length() > Tlv.MAX_BYTES) {
        // An empty one at the end of its area is refused by bootloaders with the allow list.
        throw new IllegalArgumentException("1 to " + Tlv.MAX_BYTES + " bytes are expected");
      }
    }
  }

  public AssembleOptions {
    dependencies = List.copyOf(dependencies);
    protectedTlvs = List.copyOf(protectedTlvs);
    pad = pad || confirm;
    if (headerBytes < McubootHeader.BYTES || headerBytes > 0xffff) {
      throw new IllegalArgumentException("header size out of range: 32 to 65535");
    }
    if (securityCounter.isPresent()
        && (securityCounter.getAsLong() < 0 || securityCounter.getAsLong() > 0xffff_ffffL)) {
      throw new IllegalArgumentException("security counter out of range: 0 to 4294967295");
    }
    if (!List.of(1, 2, 4, 8, 16, 32).contains(align)) {
      throw new IllegalArgumentException("alignment: 1, 2, 4, 8, 16 or 32");
    }
    if (maxSectors < 1 || maxSectors > 0xffff) {
      throw new IllegalArgumentException("sectors out of range: 1 to 65535");
    }
    if (erased != 0xff && erased != 0) {
      throw new IllegalArgumentException("erased flash is 0xff or 0x00");
    }
    if (slotBytes < 0 || pad && slotBytes == 0) {
      throw new IllegalArgumentException("padding needs a slot size");
    }
  }

  /** Builds options from imgtool's defaults. */
  public static Builder of(ImageVersion version) {
    return new Builder(version);
  }

  int maxAlign() {
    return Math.max(SlotTrailer.DEFAULT_MAX_ALIGN, align);
  }

  int trailerBytes() {
    return SlotTrailer.sizeBytes(align, maxAlign(), maxSectors);
  }

  /**
   * Collects options. What is out of range is found by {@link #build}, but for dependencies and
   * protected entries, which are checked as they come.
   */
  public static final class Builder {
    private final ImageVersion version;
    private OptionalLong securityCounter = OptionalLong.empty();
    private int headerBytes = DEFAULT_HEADER_BYTES;
    private boolean padHeader;
    private long slotBytes;
    private int align = 1;
    private int maxSectors = SlotTrailer.DEFAULT_MAX_SECTORS;
    private boolean pad;
    private boolean confirm;
    private int erased = 0xff;
    private final List<Dependency> dependencies = new ArrayList<>();
    private Optional<ImageHash> hash = Optional.empty();
    private boolean pure;
    private KeyTlv keyTlv = KeyTlv.KEYHASH;
    private final List<ProtectedTlv> protectedTlvs = new ArrayList<>();

    private Builder(ImageVersion version) {
      this.version = version;
    }

    /** The anti-rollback number, u32; none by default. */
    public Builder securityCounter(long counter) {
      securityCounter = OptionalLong.of(counter);
      return this;
    }

    /** Where the payload begins, 32 to 65535; {@link #DEFAULT_HEADER_BYTES} by default. */
    public Builder headerBytes(int bytes) {
      headerBytes = bytes;
      return this;
    }

    /** The payload brings no room for the header; by default it does. */
    public Builder padHeader() {
      padHeader = true;
      return this;
    }

    /** Size of the slot with its trailer; unknown by default. */
    public Builder slotBytes(long bytes) {
      slotBytes = bytes;
      return this;
    }

    /** Write size of the flash: 1, 2, 4, 8, 16 or 32; 1 by default. */
    public Builder align(int bytes) {
      align = bytes;
      return this;
    }

    /**
     * Sectors that the trailer has room for, 1 to 65535; {@link SlotTrailer#DEFAULT_MAX_SECTORS} by
     * default.
     */
    public Builder maxSectors(int sectors) {
      maxSectors = sectors;
      return this;
    }

    /** Fill the slot, whose size must be given. */
    public Builder pad() {
      pad = true;
      return this;
    }

    /** Fill the slot, whose size must be given, and mark the image as confirmed. */
    public Builder confirm() {
      confirm = true;
      return this;
    }

    /** The value of erased flash, 0xff or 0x00; 0xff by default. */
    public Builder erased(int value) {
      erased = value;
      return this;
    }

    /**
     * One more image that must be there.
     *
     * @param imageId u8
     * @throws IllegalArgumentException when {@code imageId} is none
     */
    public Builder dependency(int imageId, ImageVersion min) {
      dependencies.add(new Dependency(imageId, min));
      return this;
    }

    /**
     * The image hash; by default SHA-512 for a pure signature, else the first that images of the
     * first signer's key type can carry.
     */
    public Builder hash(ImageHash kind) {
      hash = Optional.of(kind);
      return this;
    }

    /** Sign the image itself rather than its hash, with Ed25519 only. */
    public Builder pure() {
      pure = true;
      return this;
    }

    /** How keys are named; by their hash by default. */
    public Builder keyTlv(KeyTlv kind) {
      keyTlv = kind;
      return this;
    }

    /**
     * One more entry that the hash covers.
     *
     * @throws IllegalArgumentException when {@link ProtectedTlv} does not take it
     */
    public Builder protectedTlv(int type, byte[] value) {
      protectedTlvs.add(new ProtectedTlv(type, Bytes.copyOf(value)));
      return this;
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException when one of them is out of its range, or the slot's size is
     *     needed and not given
     */
    public AssembleOptions build() {
      return new AssembleOptions(
          version,
          securityCounter,
          headerBytes,
          padHeader,
          slotBytes,
          align,
          maxSectors,
          pad,
          confirm,
          erased,
          dependencies,
          hash,
          pure,
          keyTlv,
          protectedTlvs);
    }
  }
}
