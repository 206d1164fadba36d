package dev.otasigner.device.adversary;

/** The first message of a TLS handshake, as far as a downgrade needs it (RFC 8446, 4.1.2). */
final class ClientHello {
  private static final int SUPPORTED_VERSIONS = 43;

  private ClientHello() {}

  /**
   * With every TLS 1.3 among its supported versions overwritten by TLS 1.2: lengths stay, so that a
   * server reads it without complaint.
   *
   * @param record the first bytes of a connection, in which the message lies whole
   */
  static byte[] withoutTls13(byte[] record) {
    byte[] changed = record.clone();
    // Record header, handshake header, legacy version, random.
    int at = 5 + 4 + 2 + 32;
    at += 1 + octet(record, at);
    at += 2 + pair(record, at);
    at += 1 + octet(record, at);
    int end = at + 2 + pair(record, at);
    at += 2;
    while (at < end) {
      int type = pair(record, at);
      int length = pair(record, at + 2);
      if (type == SUPPORTED_VERSIONS) {
        for (int i = at + 5; i < at + 4 + length; i += 2) {
          if (pair(record, i) == 0x0304) {
            changed[i + 1] = 3;
          }
        }
      }
      at += 4 + length;
    }
    return changed;
  }

  private static int octet(byte[] bytes, int at) {
    return bytes[at] & 0xff;
  }

  private static int pair(byte[] bytes, int at) {
    return octet(bytes, at) << 8 | octet(bytes, at + 1);
  }
}
