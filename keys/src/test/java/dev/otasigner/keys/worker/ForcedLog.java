package dev.otasigner.keys.worker;

import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** A JSON object on each line, on the disk before {@link #add} returns. */
record ForcedLog(Path file) {
  synchronized void add(Json.Obj line) throws IOException {
    byte[] json = line.textBytes();
    byte[] bytes = Arrays.copyOf(json, json.length + 1);
    bytes[json.length] = '\n';
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      channel.write(ByteBuffer.wrap(bytes));
      channel.force(true);
    }
  }
}
