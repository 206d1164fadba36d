package dev.otasigner.service.keyring;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.JsonReader;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Reads a worker's journal as its documentation describes it, without the worker's own code. */
public final class SignedInJournal {
  private static final int MAX_BYTES = 1 << 20;

  private SignedInJournal() {}

  /** How many different signatures of each key the journal tells of. */
  public static Map<Digest, Integer> of(Path worker) throws IOException, RejectedException {
    byte[] journal = Files.readAllBytes(worker.resolve("journal.log"));
    Map<Long, Digest> intents = new HashMap<>();
    Map<Digest, Integer> signed = new HashMap<>();
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(journal));
    while (in.available() > 0) {
      int length = in.readInt();
      if (length == 0) {
        break; // room for records to come
      }
      byte[] json = new byte[length];
      in.readInt(); // the checksum, which the worker itself looks at
      in.readFully(json);
      Fields record = JsonReader.readObject(json, MAX_BYTES);
      long seq = record.integer("seq", 1, Long.MAX_VALUE);
      if (record.has("revoked")) {
        continue; // an approval that was taken back
      }
      if (!record.has("outcome")) {
        intents.put(seq, record.digest("keyId"));
      } else if (record.string("outcome").equals("signed")) {
        signed.merge(intents.get(seq), 1, Integer::sum);
      }
    }
    return signed;
  }
}
