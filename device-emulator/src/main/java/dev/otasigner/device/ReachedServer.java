package dev.otasigner.device;

import dev.otasigner.device.transport.BodyTooLongException;
import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.device.Profile;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** A server that tells when it has answered. */
final class ReachedServer implements Server {
  private final Server server;
  private final Runnable reached;

  ReachedServer(Server server, Runnable reached) {
    this.server = server;
    this.reached = reached;
  }

  /** Leads to servers that tell. */
  record Dialling(Server.Dialling dialling, Runnable reached) implements Server.Dialling {
    @Override
    public Server under(Profile profile, ClientIdentity identity, Instant now, boolean clockRuns) {
      return new ReachedServer(dialling.under(profile, identity, now, clockRuns), reached);
    }

    @Override
    public Server.Dialling remembering(NetworkMemory kept) {
      return new Dialling(dialling.remembering(kept), reached);
    }
  }

  private interface Call<T> {
    T make() throws IOException;
  }

  private <T> T telling(Call<T> call) throws IOException {
    try {
      T answer = call.make();
      reached.run();
      return answer;
    } catch (StatusException | BodyTooLongException e) {
      reached.run();
      throw e;
    }
  }

  @Override
  public byte[] get(String path, long maxBytes) throws IOException {
    return telling(() -> server.get(path, maxBytes));
  }

  @Override
  public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
      throws IOException {
    return telling(() -> server.post(path, json, expectedStatus, maxBytes));
  }

  @Override
  public Download download(String path, long offset) throws IOException {
    return telling(() -> server.download(path, offset));
  }

  @Override
  public Optional<Negotiated> negotiated() {
    return server.negotiated();
  }

  @Override
  public Optional<Instant> date() {
    return server.date();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
