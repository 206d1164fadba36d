package dev.otasigner.service.signing;

import dev.otasigner.service.problem.ProblemType;
import dev.otasigner.service.problem.SignerException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which bytes of a file a request brings: {@code Content-Range: bytes first-last/length}, RFC 9110,
 * 14.4.
 *
 * @param last included; one before {@code first} for a file without any byte
 */
record ContentRange(long first, long last, long lengthBytes) {
  private static final Pattern BYTES = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");

  ContentRange {
    if (first > last + 1 || last >= lengthBytes || first == last + 1 && lengthBytes > 0) {
      throw wrong("bytes " + first + "-" + last + "/" + lengthBytes + " are no bytes of a file");
    }
  }

  /**
   * What the headers say; a body without a range is the whole file.
   *
   * @param bodyBytes negative when the body does not say how long it is
   */
  static ContentRange of(@Nullable String header, long bodyBytes) {
    if (header == null) {
      if (bodyBytes < 0) {
        throw wrong("Content-Range or Content-Length is expected");
      }
      return new ContentRange(0, bodyBytes - 1, bodyBytes);
    }
    Matcher parts = BYTES.matcher(header);
    if (!parts.matches()) {
      throw wrong("Content-Range: bytes FIRST-LAST/LENGTH is expected");
    }
    ContentRange range =
        new ContentRange(
            Long.parseLong(parts.group(1)),
            Long.parseLong(parts.group(2)),
            Long.parseLong(parts.group(3)));
    if (bodyBytes >= 0 && bodyBytes != range.last - range.first + 1) {
      throw wrong("Content-Range and Content-Length tell of different lengths");
    }
    return range;
  }

  private static SignerException wrong(String why) {
    return new SignerException(ProblemType.BAD_REQUEST, why);
  }
}
