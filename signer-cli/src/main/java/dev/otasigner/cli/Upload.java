package dev.otasigner.cli;

import dev.otasigner.verifier.Digest;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Brings a file to the service, and goes on where a lost connection or a service that was started
 * anew has left off. A service that can not be reached to begin with is an error at once.
 */
final class Upload {
  private static final int BUFFER_BYTES = 256 * 1024;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);

  /** Without a byte of progress; with the pauses between them a little over a minute. */
  private static final int MAX_TRIES = 12;

  private final ServiceClient service;
  private final Consumer<String> notes;
  private final Duration firstPause;

  Upload(ServiceClient service, Consumer<String> notes) {
    this(service, notes, FIRST_PAUSE);
  }

  Upload(ServiceClient service, Consumer<String> notes, Duration firstPause) {
    this.service = service;
    this.notes = notes;
    this.firstPause = firstPause;
  }

  /** Returns once the service has all of it, durably. */
  Digest send(Path file, String product) throws IOException {
    Digest sha256 = digest(file);
    long length = Files.size(file);
    String path =
        ServiceClient.path("payloads", sha256.hex()) + "?product=" + ServiceClient.escape(product);
    Standing there = standing(path);
    boolean begunAnew = false;
    int tries = 0;
    while (!there.complete()) {
      long from = there.received();
      try {
        if (there.receiving()) {
          throw CommandFailedException.of(
              ExitCode.UNREACHABLE, "the service has not noticed yet that an upload broke off");
        }
        there = standing(service.putPiece(path, file, from, length));
        tries = 0;
      } catch (CommandFailedException e) {
        if (is(e, "digest-mismatch") && from > 0 && !begunAnew) {
          notes.accept("what the service had was damaged: sending it again");
          begunAnew = true;
          there = Standing.NOTHING;
          continue;
        }
        if (e.code() != ExitCode.UNREACHABLE && !is(e, "conflict")) {
          throw e;
        }
        notes.accept(message(e) + "; trying to go on with the upload");
        there = again(path, tries, e);
        tries = there.received() > from ? 0 : tries + 1;
        notes.accept("going on at byte " + there.received() + " of " + length);
      }
    }
    return sha256;
  }

  /** How far it is, from a service that may be on its way back. */
  private Standing again(String path, int triesBefore, CommandFailedException why) {
    for (int tries = triesBefore; tries < MAX_TRIES; tries++) {
      long pause = firstPause.toNanos() << tries;
      LockSupport.parkNanos(Math.min(pause, LONGEST_PAUSE.toNanos()));
      try {
        Standing there = standing(path);
        if (!there.receiving()) {
          return there;
        }
      } catch (CommandFailedException e) {
        if (e.code() != ExitCode.UNREACHABLE) {
          throw e;
        }
      }
    }
    throw why.hint("ask again: what has arrived is kept for a day");
  }

  private Standing standing(String path) {
    Optional<Json> there = service.find(path);
    return there.isPresent() ? standing(there.get()) : Standing.NOTHING;
  }

  private static Standing standing(Json answer) {
    try {
      Fields fields = new Fields((Json.Obj) answer, "payload");
      return new Standing(
          fields.integer("received", 0, Long.MAX_VALUE),
          fields.bool("complete"),
          fields.has("receiving"));
    } catch (RejectedException | ClassCastException e) {
      throw CommandFailedException.of(
              ExitCode.REFUSED, "the service does not say how much of the upload it has")
          .because(e);
    }
  }

  /**
   * How much the service has.
   *
   * @param receiving more of it is coming in at this moment, over a connection before this one
   */
  private record Standing(long received, boolean complete, boolean receiving) {
    static final Standing NOTHING = new Standing(0, false, false);
  }

  private static boolean is(CommandFailedException e, String code) {
    return e.document() != null
        && e.document().members().get("type") instanceof Json.Str type
        && type.value().equals("urn:ota:problem:" + code);
  }

  private static String message(CommandFailedException e) {
    return String.valueOf(e.getMessage());
  }

  private static Digest digest(Path file) throws IOException {
    MessageDigest hash = Digest.sha256();
    byte[] buffer = new byte[BUFFER_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        hash.update(buffer, 0, n);
      }
    }
    return Digest.ofHash(hash.digest());
  }
}
