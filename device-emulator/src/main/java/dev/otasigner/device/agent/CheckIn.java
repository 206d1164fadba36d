package dev.otasigner.device.agent;

import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;

/** Tells the service what this device is, and what became of the latest upgrade. */
final class CheckIn {
  private static final String PATH = "/device/v1/checkin";
  private static final int MAX_ANSWER = 4096;
  private static final int CONFLICT = 409;

  /**
   * No flash is older than so many check-ins. Numbers end at 2^63: whoever would use them up for
   * this device has to be asked nine thousand million times.
   */
  private static final long MAX_BEHIND = 1_000_000_000;

  private CheckIn() {}

  /**
   * Reports once; the outcome is forgotten only when the service has taken it. A device whose flash
   * was copied or restored counts on from where the service says that it is.
   *
   * @return when the service would like to hear the next time, if it says so
   */
  static Optional<Duration> report(Server server, AgentStore store, DeviceState state)
      throws IOException {
    byte[] answer;
    try {
      answer = post(server, store, state);
    } catch (StatusException e) {
      if (e.status() != CONFLICT || !counts(store, e.sequence())) {
        throw e;
      }
      answer = post(server, store, state);
    }
    store.checkedIn();
    return next(answer);
  }

  private static boolean counts(AgentStore store, Optional<Long> heard) throws IOException {
    long own = store.sequence();
    if (heard.isEmpty() || heard.get() < own || heard.get() - own > MAX_BEHIND) {
      return false;
    }
    store.saveSequence(heard.get());
    return true;
  }

  private static byte[] post(Server server, AgentStore store, DeviceState state)
      throws IOException {
    // Counted before it is sent: a number that was heard is never used for another report.
    long sequence = store.nextSequence();
    Optional<AttemptOutcome> outcome = store.outcome();
    Json.Builder json =
        Json.object()
            .put("seq", sequence)
            .put("version", state.running().version().toString())
            .put("manifest", state.running().manifest())
            .put("profile", state.running().profile())
            .put("bootloaderId", state.bootloader().id())
            .put("securityCounter", state.securityCounter())
            .put("lineage", state.lineage())
            .put("rootVersion", state.rootVersion())
            .put("channel", state.channel())
            .put("clockClass", state.clock().kind().code());
    if (!state.components().isEmpty()) {
      Json.Builder components = Json.object();
      new TreeMap<>(state.components())
          .forEach((name, version) -> components.put(name, version.toString()));
      json.put("components", components.build());
    }
    outcome.ifPresent(o -> json.put("outcome", o.toJson()));
    return server.post(PATH, json.build().textBytes(), 200, MAX_ANSWER);
  }

  /** The report was taken, whatever else the answer says: one that cannot be read says nothing. */
  private static Optional<Duration> next(byte[] answer) {
    try {
      Fields fields = JsonReader.readObject(answer, MAX_ANSWER);
      return fields.has("nextSeconds")
          ? Optional.of(Duration.ofSeconds(fields.integer("nextSeconds", 0, 0xffff_ffffL)))
          : Optional.empty();
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }
}
