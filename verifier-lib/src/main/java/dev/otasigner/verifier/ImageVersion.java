package dev.otasigner.verifier;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A build's version as MCUboot's header carries it.
 *
 * @param major 0 to 255
 * @param minor 0 to 255
 * @param revision 0 to 65535
 * @param build 0 to 2^32-1
 */
public record ImageVersion(int major, int minor, int revision, long build)
    implements Comparable<ImageVersion> {
  private static final Pattern TEXT =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})(?:\\.(\\d{1,5}))?(?:\\+(\\d{1,10}))?");
  private static final Pattern EXACT = Pattern.compile("\\d+\\.\\d+\\.\\d+\\+\\d+");

  public ImageVersion {
    if (major < 0
        || major > 0xff
        || minor < 0
        || minor > 0xff
        || revision < 0
        || revision > 0xffff
        || build < 0
        || build > 0xffff_ffffL) {
      throw new IllegalArgumentException("version out of range: u8.u8.u16+u32 is expected");
    }
  }

  /**
   * The wire's exact form {@code 34.12.0+0}, without leading zeroes.
   *
   * @throws RejectedException MALFORMED for any other form, or a number out of its range
   */
  public static ImageVersion parse(String text) throws RejectedException {
    ImageVersion version = EXACT.matcher(text).matches() ? match(text) : null;
    if (version == null || !version.toString().equals(text)) {
      throw new RejectedException(
          Reason.MALFORMED, "not a version", "u8.u8.u16+u32 such as 34.12.0+0", quoted(text));
    }
    return version;
  }

  /**
   * What a person types: {@code 34.12}, {@code 34.12.1}, {@code 34.12.1+7}. What is left out is
   * zero.
   *
   * @throws RejectedException MALFORMED for any other form, or a number out of its range
   */
  public static ImageVersion parseLenient(String text) throws RejectedException {
    ImageVersion version = match(text);
    if (version == null) {
      throw new RejectedException(
          Reason.MALFORMED, "not a version", "u8.u8[.u16][+u32] such as 34.12", quoted(text));
    }
    return version;
  }

  private static @org.jspecify.annotations.Nullable ImageVersion match(String text) {
    Matcher m = TEXT.matcher(text);
    if (!m.matches()) {
      return null;
    }
    String revision = m.group(3);
    String build = m.group(4);
    try {
      return new ImageVersion(
          Integer.parseInt(m.group(1)),
          Integer.parseInt(m.group(2)),
          revision == null ? 0 : Integer.parseInt(revision),
          build == null ? 0 : Long.parseLong(build));
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private static String quoted(String text) {
    return "'" + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + "'";
  }

  /** Major, minor, revision, then build number, each as an unsigned integer. */
  @Override
  public int compareTo(ImageVersion other) {
    int byMajor = Integer.compare(major, other.major);
    int byMinor = byMajor != 0 ? byMajor : Integer.compare(minor, other.minor);
    int byRevision = byMinor != 0 ? byMinor : Integer.compare(revision, other.revision);
    return byRevision != 0 ? byRevision : Long.compare(build, other.build);
  }

  /** Whether it comes after the other one in the order of {@link #compareTo}. */
  public boolean isNewerThan(ImageVersion other) {
    return compareTo(other) > 0;
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + revision + "+" + build;
  }
}
