package dev.otasigner.service.catalogue;

import dev.otasigner.verifier.ImageVersion;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import java.util.Map;
import java.util.TreeMap;

/**
 * Devices that whoever decides knows to be cut off by it: how many of each build. It holds for
 * exactly these, so that nobody writes off more than was seen.
 *
 * @param devices by the build they run
 */
public record KnownStranded(Map<ImageVersion, Long> devices) {
  static final KnownStranded NOBODY = new KnownStranded(Map.of());

  static final String MEMBER = "stranded";
  private static final int MAX_BUILDS = 256;

  public KnownStranded {
    devices = Map.copyOf(devices);
  }

  /** Reads {@code stranded}, when it is there: a list of {@code {version, count}}. */
  static KnownStranded read(Fields fields) throws RejectedException {
    if (!fields.has(MEMBER)) {
      return NOBODY;
    }
    Map<ImageVersion, Long> devices = new TreeMap<>();
    for (Fields item : fields.objects(MEMBER, MAX_BUILDS)) {
      ImageVersion version = ImageVersion.parseLenient(item.string("version"));
      if (devices.put(version, item.integer("count", 1, Integer.MAX_VALUE)) != null) {
        throw item.malformed("version", "each build is expected once");
      }
    }
    return new KnownStranded(devices);
  }

  /** For the audit log, such as {@code 34.11.0+0=2}. */
  String text() {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(devices)
        .forEach(
            (version, count) ->
                text.append(text.isEmpty() ? "" : ",").append(version).append('=').append(count));
    return text.toString();
  }
}
