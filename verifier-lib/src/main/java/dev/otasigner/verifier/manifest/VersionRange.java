package dev.otasigner.verifier.manifest;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * Versions a build may be taken from.
 *
 * @param min inclusive
 * @param max inclusive
 */
public record VersionRange(ImageVersion min, ImageVersion max) {
  /** Of one list. */
  public static final int MAX_RANGES = 64;

  /** Whether the version is neither below {@code min} nor above {@code max}. */
  public boolean contains(ImageVersion version) {
    return min.compareTo(version) <= 0 && version.compareTo(max) <= 0;
  }

  /**
   * Reads an array of ranges. One whose {@code min} is above its {@code max} is taken, and contains
   * nothing.
   *
   * @throws RejectedException LIMIT_EXCEEDED over {@link #MAX_RANGES}; MALFORMED
   */
  public static List<VersionRange> readAll(Fields fields, String name) throws RejectedException {
    List<VersionRange> ranges = new ArrayList<>();
    for (Fields item : fields.objects(name, MAX_RANGES)) {
      ranges.add(new VersionRange(item.version("min"), item.version("max")));
    }
    return ranges;
  }

  /** The form on the wire: {@code {min,max}}. */
  public Json toJson() {
    return Json.object().put("min", min.toString()).put("max", max.toString()).build();
  }

  /** The form of a list on the wire. */
  public static List<Json> toJson(List<VersionRange> ranges) {
    return new ArrayList<>(ranges.stream().map(VersionRange::toJson).toList());
  }

  @Override
  public String toString() {
    return min + " to " + max;
  }
}
