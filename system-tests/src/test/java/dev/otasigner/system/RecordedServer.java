package dev.otasigner.system;

import dev.otasigner.device.transport.ClientIdentity;
import dev.otasigner.device.transport.Negotiated;
import dev.otasigner.device.transport.Server;
import dev.otasigner.verifier.device.Profile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/** A device's own connection, whose documents are kept as they pass. */
record RecordedServer(Server real, Map<String, String> passed) implements Server {

  /** Dials as the device would, and keeps what passes on every connection. */
  record Dialling(Server.Dialling real, Map<String, String> passed) implements Server.Dialling {
    @Override
    public Server under(Profile profile, ClientIdentity identity, Instant now, boolean clockRuns) {
      return new RecordedServer(real.under(profile, identity, now, clockRuns), passed);
    }
  }

  @Override
  public byte[] get(String path, long maxBytes) throws IOException {
    byte[] document = real.get(path, maxBytes);
    keep("GET " + path, document);
    return document;
  }

  @Override
  public byte[] post(String path, byte[] json, int expectedStatus, long maxBytes)
      throws IOException {
    byte[] answer = real.post(path, json, expectedStatus, maxBytes);
    keep("POST " + path, json);
    keep(expectedStatus + " " + path, answer);
    return answer;
  }

  private void keep(String what, byte[] document) {
    passed.put(what, new String(document, StandardCharsets.UTF_8));
  }

  @Override
  public Download download(String path, long offset) throws IOException {
    return real.download(path, offset);
  }

  @Override
  public Optional<Negotiated> negotiated() {
    return real.negotiated();
  }

  @Override
  public void close() throws IOException {
    real.close();
  }
}
