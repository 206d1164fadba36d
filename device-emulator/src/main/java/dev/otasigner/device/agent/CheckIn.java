package dev.otasigner.device.agent;

import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.device.DeviceState;
import dev.otasigner.verifier.json.Json;
import java.io.IOException;
import java.util.Optional;

/** Tells the service what this device is, and what became of the latest upgrade. */
final class CheckIn {
  private static final String PATH = "/device/v1/checkin";
  private static final int MAX_ANSWER = 4096;

  private CheckIn() {}

  /** Reports once; the outcome is forgotten only when the service has taken it. */
  static void report(Server server, AgentStore store, DeviceState state) throws IOException {
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
    outcome.ifPresent(o -> json.put("outcome", o.toJson()));
    // The answer says when to come again; whoever starts this device decides that.
    server.post(PATH, json.build().textBytes(), 200, MAX_ANSWER);
    store.checkedIn();
  }
}
