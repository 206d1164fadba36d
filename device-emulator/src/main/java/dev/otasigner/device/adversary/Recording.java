package dev.otasigner.device.adversary;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What went by an adversary up to one moment: the newest content of each path. */
public final class Recording {
  private final Map<String, byte[]> files;

  Recording(Map<String, byte[]> files) {
    this.files = new TreeMap<>(files);
  }

  Optional<byte[]> at(String path) {
    return Optional.ofNullable(files.get(path)).map(byte[]::clone);
  }

  /**
   * The recorded file that stands in for another version of itself: {@code 3.snapshot.json} for
   * {@code 4.snapshot.json}, the head file of yesterday for the one of today.
   */
  Optional<byte[]> inPlaceOf(String path) {
    String pattern = withoutVersion(path);
    Optional<byte[]> last = Optional.empty();
    long highest = -1;
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      if (withoutVersion(file.getKey()).equals(pattern) && !file.getKey().equals(path)) {
        long number = number(file.getKey());
        if (number >= highest) {
          highest = number;
          last = Optional.of(file.getValue().clone());
        }
      }
    }
    return last;
  }

  /** The path without what stands before the file name's first dot: a version, or a digest. */
  private static String withoutVersion(String path) {
    int name = path.lastIndexOf('/') + 1;
    int dot = path.indexOf('.', name);
    return dot < 0 ? path : path.substring(0, name) + path.substring(dot);
  }

  private static long number(String path) {
    int name = path.lastIndexOf('/') + 1;
    String word = path.substring(name, Math.max(name, path.indexOf('.', name)));
    return word.matches("\\d{1,9}") ? Long.parseLong(word) : 0;
  }
}
