package dev.otasigner.keys.worker;

import dev.otasigner.verifier.Bytes;
import dev.otasigner.verifier.RejectedException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;

/**
 * C2SP tlog-checkpoint: origin, tree size, root hash, perhaps extension lines; each ends in a
 * newline, and none is empty.
 */
final class CheckpointRule {
  private static final int MAX_BYTES = 16 * 1024;
  private static final Pattern SIZE = Pattern.compile("0|[1-9]\\d{0,18}");

  private CheckpointRule() {}

  static void judge(byte[] note) throws RejectedException {
    String text = new String(note, StandardCharsets.UTF_8);
    boolean plain =
        note.length <= MAX_BYTES
            && java.util.Arrays.equals(text.getBytes(StandardCharsets.UTF_8), note)
            && text.chars().allMatch(c -> c == '\n' || c >= 0x20 && c != 0x7f);
    List<String> lines = text.lines().toList();
    if (!plain
        || !text.endsWith("\n")
        || lines.size() < 3
        || lines.stream().anyMatch(String::isEmpty)
        || !SIZE.matcher(lines.get(1)).matches()) {
      throw ContentRule.refused("audit key: a checkpoint of origin, size and root is expected");
    }
    if (Bytes.ofBase64(lines.get(2)).length() != 32) {
      throw ContentRule.refused("audit key: a checkpoint's root is a SHA-256 hash");
    }
  }
}
