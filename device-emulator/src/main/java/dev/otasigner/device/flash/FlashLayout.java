package dev.otasigner.device.flash;

import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A chip's sector map: its regions one after the other, each of equal sectors.
 *
 * @param writeAlignBytes writes begin and end on multiples of this
 * @param erased what an erased cell reads as
 */
public record FlashLayout(int writeAlignBytes, byte erased, Map<Region, Sectors> regions) {
  private static final int MAX_JSON_BYTES = 4000;
  private static final int SMALL_SECTOR = 4096;
  private static final int LARGE_SECTOR = 64 * 1024;

  /** What a part of the chip is for. */
  public enum Region {
    /** Boot trust and the state of a swap; locked while the operating system runs. */
    BOOTLOADER,
    /** The security counter; locked while the operating system runs. */
    COUNTER,
    /** What the operating system asks of the bootloader. */
    MAILBOX,
    /** The slot that is booted; locked while the operating system runs. */
    PRIMARY,
    /** The slot that an upgrade is written to. */
    SECONDARY,
    /** One sector that a swap goes through; locked while the operating system runs. */
    SCRATCH,
    /** Documents of the update agent. */
    AGENT;

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable Region ofCode(String code) {
      for (Region region : values()) {
        if (region.code().equals(code)) {
          return region;
        }
      }
      return null;
    }
  }

  /**
   * The sectors of a region.
   *
   * @param bytes size of one
   */
  public record Sectors(int bytes, int count) {
    public Sectors {
      if (bytes < 1 || count < 1) {
        throw new IllegalArgumentException("a region has at least one sector of one byte");
      }
    }

    long lengthBytes() {
      return (long) bytes * count;
    }

    static Sectors over(long lengthBytes, int sectorBytes) {
      return new Sectors(
          sectorBytes, Math.toIntExact((lengthBytes + sectorBytes - 1) / sectorBytes));
    }
  }

  public FlashLayout {
    EnumMap<Region, Sectors> ordered = new EnumMap<>(Region.class);
    ordered.putAll(regions);
    regions = java.util.Collections.unmodifiableMap(ordered);
    if (ordered.size() != Region.values().length) {
      throw new IllegalArgumentException("a layout names every region");
    }
    for (Sectors sectors : ordered.values()) {
      if (writeAlignBytes < 1 || sectors.bytes() % writeAlignBytes != 0) {
        throw new IllegalArgumentException("sectors are multiples of the write alignment");
      }
    }
    Sectors slot = sectors(ordered, Region.PRIMARY);
    if (!slot.equals(sectors(ordered, Region.SECONDARY))
        || slot.bytes() > sectors(ordered, Region.SCRATCH).lengthBytes()) {
      throw new IllegalArgumentException("slots are equal, and scratch holds one of their sectors");
    }
  }

  /** A chip for image slots of this size: 0xff when erased, written by 8 bytes. */
  public static FlashLayout forSlots(long slotBytes) {
    int slotSector = slotBytes >= 16L * LARGE_SECTOR ? LARGE_SECTOR : SMALL_SECTOR;
    return of(8, (byte) 0xff, slotBytes, slotSector);
  }

  /**
   * A chip for image slots of this size with a small store for the agent: for devices by the
   * thousand. Every start of a device looks through its stores.
   */
  public static FlashLayout compact(long slotBytes) {
    EnumMap<Region, Sectors> regions = new EnumMap<>(forSlots(slotBytes).regions());
    regions.put(Region.AGENT, new Sectors(SMALL_SECTOR, 64));
    return new FlashLayout(8, (byte) 0xff, regions);
  }

  /** A chip of another make, with the same division into regions. */
  public static FlashLayout of(int writeAlignBytes, byte erased, long slotBytes, int slotSector) {
    Map<Region, Sectors> regions = new EnumMap<>(Region.class);
    regions.put(Region.BOOTLOADER, new Sectors(SMALL_SECTOR, 32));
    regions.put(Region.COUNTER, new Sectors(SMALL_SECTOR, 2));
    regions.put(Region.MAILBOX, new Sectors(SMALL_SECTOR, 64));
    regions.put(Region.PRIMARY, Sectors.over(slotBytes, slotSector));
    regions.put(Region.SECONDARY, Sectors.over(slotBytes, slotSector));
    regions.put(Region.SCRATCH, new Sectors(slotSector, 1));
    regions.put(Region.AGENT, new Sectors(LARGE_SECTOR, 32));
    return new FlashLayout(writeAlignBytes, erased, regions);
  }

  public Sectors sectors(Region region) {
    return sectors(regions, region);
  }

  private static Sectors sectors(Map<Region, Sectors> regions, Region region) {
    Sectors sectors = regions.get(region);
    if (sectors == null) {
      throw new IllegalArgumentException("a layout names every region");
    }
    return sectors;
  }

  /** Where the region's first cell stands. */
  long offset(Region region) {
    long offset = 0;
    for (Map.Entry<Region, Sectors> entry : regions.entrySet()) {
      if (entry.getKey() == region) {
        return offset;
      }
      offset += entry.getValue().lengthBytes();
    }
    throw new IllegalArgumentException("a layout names every region");
  }

  public long lengthBytes() {
    return regions.values().stream().mapToLong(Sectors::lengthBytes).sum();
  }

  byte[] toBytes() {
    List<Json> items = new ArrayList<>();
    regions.forEach(
        (region, sectors) ->
            items.add(
                Json.object()
                    .put("name", region.code())
                    .put("sectorBytes", sectors.bytes())
                    .put("sectors", sectors.count())
                    .build()));
    return Json.object()
        .put("schema", 1)
        .put("writeAlignBytes", writeAlignBytes)
        .put("erased", HexFormat.of().toHexDigits(erased))
        .put("regions", items)
        .build()
        .canonicalBytes();
  }

  static FlashLayout read(byte[] json) throws RejectedException {
    Fields fields = JsonReader.readObject(json, MAX_JSON_BYTES);
    fields.requireSchema(java.util.Set.of());
    Map<Region, Sectors> regions = new EnumMap<>(Region.class);
    for (Fields item : fields.objects("regions", Region.values().length)) {
      regions.put(
          item.oneOf("name", Region::ofCode, "region"),
          new Sectors(
              (int) item.integer("sectorBytes", 1, 1 << 24),
              (int) item.integer("sectors", 1, 1 << 24)));
    }
    try {
      return new FlashLayout(
          (int) fields.integer("writeAlignBytes", 1, 4096),
          fields.hex("erased", 1).toByteArray()[0],
          regions);
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      throw new RejectedException(Reason.MALFORMED, "flash layout: " + e.getMessage());
    }
  }
}
