package dev.otasigner.cli.audit;

import dev.otasigner.verifier.Digest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;

/**
 * The RFC 6962 tree over an exported log: each line is a record, byte for byte as it was hashed.
 */
final class LogTree {
  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  private final List<byte[]> leaves;

  private LogTree(List<byte[]> leaves) {
    this.leaves = leaves;
  }

  static LogTree read(InputStream lines) throws IOException {
    List<byte[]> leaves = new ArrayList<>();
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 16];
    for (int count = lines.read(buffer); count >= 0; count = lines.read(buffer)) {
      for (int i = 0; i < count; i++) {
        if (buffer[i] == '\n') {
          leaves.add(hash(LEAF, record.toByteArray()));
          record.reset();
        } else {
          record.write(buffer[i]);
        }
      }
    }
    return new LogTree(leaves);
  }

  long size() {
    return leaves.size();
  }

  /** RFC 6962 2.1: the head over the first {@code size} records. */
  Digest root(long size) {
    List<byte[]> level = new ArrayList<>(leaves.subList(0, Math.toIntExact(size)));
    if (level.isEmpty()) {
      return Digest.of(new byte[0]);
    }
    while (level.size() > 1) {
      List<byte[]> above = new ArrayList<>();
      for (int i = 0; i + 1 < level.size(); i += 2) {
        above.add(hash(NODE, level.get(i), level.get(i + 1)));
      }
      if (level.size() % 2 == 1) {
        above.add(level.get(level.size() - 1)); // an odd one climbs as it is
      }
      level = above;
    }
    return Digest.ofHash(level.get(0));
  }

  private static byte[] hash(byte kind, byte[]... parts) {
    MessageDigest sha256 = Digest.sha256();
    sha256.update(kind);
    for (byte[] part : parts) {
      sha256.update(part);
    }
    return sha256.digest();
  }
}
