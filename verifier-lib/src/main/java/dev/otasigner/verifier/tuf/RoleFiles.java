package dev.otasigner.verifier.tuf;

import java.nio.charset.StandardCharsets;

/** How roles are spelled in URLs and file names. */
final class RoleFiles {
  private static final String UNRESERVED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  private static final String HEX = "0123456789ABCDEF";

  /** What else RFC 3986 lets stand in a path. */
  private static final String PATH = UNRESERVED + "!$&'()*+,;=:@/";

  private RoleFiles() {}

  /** RFC 3986 percent-encoding of all but unreserved characters: no separator survives. */
  static String encode(String role) {
    return encode(role, UNRESERVED);
  }

  /** The same for a target path in a URL, whose separators stay. */
  static String encodePath(String path) {
    return encode(path, PATH);
  }

  private static String encode(String text, String asTheyAre) {
    StringBuilder out = new StringBuilder(text.length());
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      if (asTheyAre.indexOf(c) >= 0) {
        out.append(c);
      } else {
        out.append('%').append(HEX.charAt(c >> 4)).append(HEX.charAt(c & 15));
      }
    }
    return out.toString();
  }

  static String unversioned(String role) {
    return encode(role) + ".json";
  }

  static String versioned(long version, String role) {
    return version + "." + unversioned(role);
  }
}
