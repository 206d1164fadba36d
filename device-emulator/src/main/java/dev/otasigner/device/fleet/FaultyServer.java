package dev.otasigner.device.fleet;

import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.device.Profile;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A server in front of which things go wrong, and what went over it is counted. */
final class FaultyServer implements Server {
  /** A connection that breaks within an answer does so within so many bytes. */
  private static final int BREAK_WITHIN = 64 * 1024;

  private static final String HEAD = "head.json";
  private static final int UNAVAILABLE = 503;

  private final Server server;
  private final Faults faults;
  private final Tally wire;
  private final Heads.Seen heads;
  private @Nullable Negotiated last;

  FaultyServer(Server server, Faults faults, Tally wire, Heads.Seen heads) {
    this.server = server;
    this.faults = faults;
    this.wire = wire;
    this.heads = heads;
  }

  /** Leads to such servers. */
  record Dialling(Server.Dialling dialling, Faults faults, Tally wire, Heads.Seen heads)
      implements Server.Dialling {
    @Override
    public Server under(Profile profile, ClientIdentity identity, Instant now, boolean clockRuns) {
      return new FaultyServer(
          dialling.under(profile, identity, now, clockRuns), faults, wire, heads);
    }

    @Override
    public Server.Dialling remembering(NetworkMemory kept) {
      return new Dialling(dialling.remembering(kept), faults, wire, heads);
    }
  }

  @Override
  public byte[] get(String path, long maxBytes) throws IOException {
    meetTrouble();
    byte[] body;
    try {
      body = server.get(path, maxBytes);
    } finally {
      countHandshake();
    }
    wire.count("requests");
    wire.add("bytes", body.length);
    if (path.endsWith(HEAD)) {
      heads.see(path, body);
    }
    return body;
  }

  @Override
  public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
      throws IOException {
    meetTrouble();
    byte[] body;
    try {
      body = server.post(path, json, expectedStatus, maxBytes);
    } finally {
      countHandshake();
    }
    wire.count("requests");
    wire.add("bytes", body.length + (long) json.length);
    return body;
  }

  @Override
  public Download download(String path, long offset) throws IOException {
    if (faults.refuses()) {
      throw new StatusException(path, UNAVAILABLE, "refused by the emulator");
    }
    pause();
    boolean breaks = faults.resets();
    Download download;
    try {
      download = server.download(path, offset);
    } finally {
      countHandshake();
    }
    wire.count("requests");
    InputStream body = new Counted(download.body(), breaks ? faults.below(BREAK_WITHIN) : -1);
    return new Download(body, download.offset(), download.totalBytes());
  }

  private void meetTrouble() throws IOException {
    if (faults.resets()) {
      server.close();
      throw new IOException("connection reset by the emulator");
    }
    pause();
  }

  private void pause() throws IOException {
    int millis = faults.slowMillis();
    if (millis > 0) {
      try {
        TimeUnit.MILLISECONDS.sleep(millis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("the fleet is ending");
      }
    }
  }

  /** Each connection tells what it turned out to be in an object of its own. */
  @SuppressWarnings("ReferenceEquality")
  private void countHandshake() {
    Negotiated now = server.negotiated().orElse(null);
    if (now != null && now != last) {
      last = now;
      wire.count("handshake " + now.protocol() + " " + now.suite());
    }
  }

  @Override
  public Optional<Instant> date() {
    return server.date();
  }

  @Override
  public Optional<Negotiated> negotiated() {
    return server.negotiated();
  }

  @Override
  public void close() throws IOException {
    server.close();
  }

  /** A body that is counted and may break. */
  private final class Counted extends FilterInputStream {
    private long left;

    Counted(InputStream in, long breaksAfter) {
      super(in);
      left = breaksAfter < 0 ? Long.MAX_VALUE : breaksAfter;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int from, int length) throws IOException {
      if (left == 0) {
        server.close();
        throw new IOException("connection reset by the emulator");
      }
      int n = super.read(into, from, (int) Math.min(length, left));
      if (n > 0) {
        left -= n;
        wire.add("bytes", n);
      }
      return n;
    }

    @Override
    public long skip(long count) throws IOException {
      // By reading, so that it is counted and breaks where it has to.
      byte[] skipped = new byte[(int) Math.min(count, BREAK_WITHIN)];
      return Math.max(0, read(skipped, 0, skipped.length));
    }
  }
}
