package dev.otasigner.device.transport;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * RFC 9110 section 14.4.
 *
 * @param total of the whole file, or -1
 */
record ContentRange(long first, long last, long total) {
  private static final Pattern FORM =
      Pattern.compile("bytes (\\d{1,15})-(\\d{1,15})/(\\d{1,15}|\\*)");

  long lengthBytes() {
    return last - first + 1;
  }

  static ContentRange parse(String value) throws IOException {
    Matcher m = FORM.matcher(value);
    if (!m.matches()) {
      throw new IOException("partial content without a Content-Range");
    }
    long total = m.group(3).equals("*") ? -1 : Long.parseLong(m.group(3));
    ContentRange range =
        new ContentRange(Long.parseLong(m.group(1)), Long.parseLong(m.group(2)), total);
    if (range.last < range.first || total >= 0 && range.last >= total) {
      throw new IOException("a Content-Range that is none: " + value);
    }
    return range;
  }
}
