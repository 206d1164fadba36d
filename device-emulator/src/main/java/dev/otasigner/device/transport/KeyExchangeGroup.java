package dev.otasigner.device.transport;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The groups of key exchanges, by their names and numbers in IANA's registry of TLS. */
final class KeyExchangeGroup {
  /** Groups that the JDK speaks, in the order in which it offers them whatever it is told. */
  static final List<String> OF_THE_JDK =
      List.of(
          "x25519",
          "secp256r1",
          "secp384r1",
          "secp521r1",
          "x448",
          "ffdhe2048",
          "ffdhe3072",
          "ffdhe4096",
          "ffdhe6144",
          "ffdhe8192");

  private static final Map<Integer, String> NAMES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry(0x0017, "secp256r1"),
              Map.entry(0x0018, "secp384r1"),
              Map.entry(0x0019, "secp521r1"),
              Map.entry(0x001d, "x25519"),
              Map.entry(0x001e, "x448"),
              Map.entry(0x0100, "ffdhe2048"),
              Map.entry(0x0101, "ffdhe3072"),
              Map.entry(0x0102, "ffdhe4096"),
              Map.entry(0x0103, "ffdhe6144"),
              Map.entry(0x0104, "ffdhe8192"),
              Map.entry(0x0200, "MLKEM512"),
              Map.entry(0x0201, "MLKEM768"),
              Map.entry(0x0202, "MLKEM1024"),
              Map.entry(0x11eb, "SecP256r1MLKEM768"),
              Map.entry(0x11ec, "X25519MLKEM768"),
              Map.entry(0x11ed, "SecP384r1MLKEM1024")));

  private KeyExchangeGroup() {}

  /** The registry's name, or the number where it has none here. */
  static String name(int number) {
    return NAMES.getOrDefault(number, String.format(Locale.ROOT, "0x%04x", number));
  }

  /** Whether it is a group by this name, in upper or lower case. */
  static boolean isKnown(String name) {
    return NAMES.values().stream().anyMatch(name::equalsIgnoreCase);
  }

  static boolean isListed(List<String> groups, String name) {
    return groups.stream().anyMatch(name::equalsIgnoreCase);
  }
}
