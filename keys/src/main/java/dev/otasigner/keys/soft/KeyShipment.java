package dev.otasigner.keys.soft;

import dev.otasigner.keys.KeyOperationException.SealBroken;
import dev.otasigner.keys.KeyOperationException.SealFault;
import dev.otasigner.keys.KeyPurpose;
import dev.otasigner.keys.KeySpec;
import dev.otasigner.keys.TokenKey;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.crypto.Anchor;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * All private keys of a token, on their way into a backup and back. Each is imported again as one
 * from elsewhere is: its halves must belong together and be those that it is named after.
 */
public final class KeyShipment {
  private static final int MAX_KEYS = 50_000;
  private static final int MAX_DESCRIPTION_BYTES = 16 * 1024;
  private static final int MAX_PKCS8_BYTES = 64 * 1024;

  private KeyShipment() {}

  /** What came out of a backup. */
  public record Arrived(List<TokenKey> restored, List<TokenKey> leftOut) {
    public Arrived {
      restored = List.copyOf(restored);
      leftOut = List.copyOf(leftOut);
    }
  }

  /** Writes every key of the token. What it is written to must be sealed. */
  public static void write(SoftwareToken token, DataOutputStream out) throws IOException {
    List<TokenKey> keys = token.keys();
    out.writeInt(keys.size());
    for (TokenKey key : keys) {
      byte[] description =
          Json.object()
              .put("name", key.name())
              .put("purpose", key.purpose().code())
              .put("key", new Anchor(key.publicKey()).toJson())
              .build()
              .canonicalBytes();
      out.writeInt(description.length);
      out.write(description);
      try {
        token
            .privateHalf(key.keyId())
            .handOver(
                pkcs8 -> {
                  try {
                    out.writeInt(pkcs8.length);
                    out.write(pkcs8);
                    return pkcs8.length;
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                });
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
  }

  /**
   * Imports every key into a token, but for those of these names.
   *
   * @throws SealBroken TAMPERED when a key is not the one that it says it is
   */
  public static Arrived read(SoftwareToken token, DataInputStream in, Set<String> leaveOut)
      throws IOException {
    List<TokenKey> restored = new ArrayList<>();
    List<TokenKey> leftOut = new ArrayList<>();
    int count = bounded(in.readInt(), MAX_KEYS);
    for (int i = 0; i < count; i++) {
      TokenKey key = description(in.readNBytes(bounded(in.readInt(), MAX_DESCRIPTION_BYTES)));
      byte[] pkcs8 = in.readNBytes(bounded(in.readInt(), MAX_PKCS8_BYTES));
      if (leaveOut.contains(key.name())) {
        Arrays.fill(pkcs8, (byte) 0);
        leftOut.add(key);
        continue;
      }
      TokenKey imported =
          token.importKey(new KeySpec(key.name(), key.suite(), key.purpose()), pkcs8);
      if (!imported.publicKey().equals(key.publicKey())) {
        throw tampered("the halves of key '" + key.name() + "' are not of one key");
      }
      restored.add(imported);
    }
    return new Arrived(restored, leftOut);
  }

  private static TokenKey description(byte[] json) {
    try {
      Fields fields = JsonReader.readObject(json, MAX_DESCRIPTION_BYTES);
      return new TokenKey(
          fields.name("name"),
          fields.oneOf("purpose", KeyPurpose::ofCode, "key purpose"),
          Anchor.read(fields.object("key")).key());
    } catch (RejectedException e) {
      throw tampered("a key is described wrongly: " + e.getMessage());
    }
  }

  private static int bounded(int length, int max) {
    if (length < 0 || length > max) {
      throw tampered("a part of " + length + " bytes");
    }
    return length;
  }

  private static SealBroken tampered(String what) {
    return new SealBroken(SealFault.TAMPERED, "the backup was not made by this program: " + what);
  }
}
