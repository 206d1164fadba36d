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
  public static final int MAX_RANGES = 64;

  public boolean contains(ImageVersion version) {
    return min.compareTo(version) <= 0 && version.compareTo(max) <= 0;
  }

  public static List<VersionRange> readAll(Fields fields, String name) throws RejectedException {
    List<VersionRange> ranges = new ArrayList<>();
    for (Fields item : fields.objects(name, MAX_RANGES)) {
      ranges.add(new VersionRange(item.version("min"), item.version("max")));
    }
    return ranges;
  }

  public Json toJson() {
    return Json.object().put("min", min.toString()).put("max", max.toString()).build();
  }

  public static List<Json> toJson(List<VersionRange> ranges) {
    return new ArrayList<>(ranges.stream().map(VersionRange::toJson).toList());
  }

  @Override
  public String toString() {
    return min + " to " + max;
  }
}
