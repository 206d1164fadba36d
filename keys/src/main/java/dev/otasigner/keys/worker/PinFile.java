package dev.otasigner.keys.worker;

import dev.otasigner.keys.Disk;
import dev.otasigner.keys.DurableFile;
import dev.otasigner.keys.KeyOperationException.PinRefused;
import dev.otasigner.keys.KeyOperationException.TokenUnavailable;
import dev.otasigner.keys.Token;
import dev.otasigner.keys.soft.Passphrase;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.EnumSet;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The file of a token's PIN, and the worker's memory of how it was taken. A module locks after a
 * few wrong PINs, and a program that is started again and again would try them all: so what was
 * refused once, by whatever process, is not tried again before the file has changed.
 *
 * <p>The memory is {@code pin.state} beside {@code worker.json}. It names the file by time, size
 * and number, never what is in it. It says "trying" before a PIN is tried that was never accepted,
 * so that a process that is killed on the way has had its one try.
 *
 * @param directory the worker's
 */
record PinFile(Path directory, Path file, Disk disk) {
  static final String STATE = "pin.state";
  private static final String LOCK = "pin.lock";
  private static final int MAX_BYTES = 64 * 1024;

  private enum State {
    TRYING,
    ACCEPTED,
    REFUSED;

    String code() {
      return name().toLowerCase(Locale.ROOT);
    }

    static @Nullable State ofCode(String code) {
      for (State state : values()) {
        if (state.code().equals(code)) {
          return state;
        }
      }
      return null;
    }
  }

  /**
   * Opens a token with the PIN; of several processes one at a time.
   *
   * @throws PinRefused when the module refuses it, now or the last time, or nobody knows how the
   *     last time went
   */
  Token open(Function<Passphrase, Token> login) {
    Path lockFile = directory.resolve(LOCK);
    try (FileChannel channel =
        FileChannel.open(
            lockFile,
            EnumSet.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
            DurableFile.ownerOnly(lockFile))) {
      channel.lock(); // freed with the channel
      return openAlone(login);
    } catch (IOException e) {
      throw new TokenUnavailable("the token's PIN: " + e.getMessage(), e);
    }
  }

  private Token openAlone(Function<Passphrase, Token> login) throws IOException {
    String identity = identity();
    State state = remembered(identity);
    if (state == State.REFUSED || state == State.TRYING) {
      throw new PinRefused(
          file
              + (state == State.REFUSED
                  ? ": the module has refused this PIN"
                  : ": nobody knows whether the module took this PIN")
              + "; it is not tried again before the file has changed");
    }
    try (Passphrase pin = Passphrase.ofFile(file)) {
      if (state == null) {
        remember(identity, State.TRYING);
      }
      Token token = login.apply(pin);
      if (state == null) {
        remember(identity, State.ACCEPTED);
      }
      return token;
    } catch (PinRefused e) {
      remember(identity, State.REFUSED);
      throw e;
    } catch (RuntimeException e) {
      if (state == null) {
        Files.deleteIfExists(directory.resolve(STATE)); // the module was not asked
      }
      throw e;
    }
  }

  private String identity() throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return attributes.lastModifiedTime() + " " + attributes.size() + " " + attributes.fileKey();
  }

  private @Nullable State remembered(String identity) throws IOException {
    Path marker = directory.resolve(STATE);
    if (!Files.exists(marker)) {
      return null;
    }
    try {
      Fields fields = JsonReader.readObject(Files.readAllBytes(marker), MAX_BYTES);
      boolean same =
          fields.string("file").equals(file.toString())
              && fields.string("identity").equals(identity);
      return same ? fields.oneOf("state", State::ofCode, "state") : null;
    } catch (RejectedException e) {
      throw new IOException(marker + ": " + e.getMessage() + "; delete it to try the PIN", e);
    }
  }

  private void remember(String identity, State state) throws IOException {
    Json.Obj json =
        Json.object()
            .put("file", file.toString())
            .put("identity", identity)
            .put("state", state.code())
            .build();
    DurableFile.replace(directory.resolve(STATE), json.textBytes(), disk);
  }
}
