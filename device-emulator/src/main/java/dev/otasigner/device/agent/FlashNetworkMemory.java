package dev.otasigner.device.agent;

import dev.otasigner.device.flash.FlashFileException;
import dev.otasigner.device.flash.FlashFullException;
import dev.otasigner.device.flash.FlashStore;
import dev.otasigner.device.transport.HttpProxy;
import dev.otasigner.device.transport.NetworkMemory;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.json.Fields;
import dev.otasigner.verifier.json.Json;
import dev.otasigner.verifier.json.JsonReader;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** What the device keeps about its network, in the agent's store: it survives an upgrade. */
final class FlashNetworkMemory implements NetworkMemory {
  private static final String PROXY = "network/proxy";
  private static final String WORKED = "network/worked";
  private static final int MAX_WORKED = 1024;

  private final FlashStore store;

  FlashNetworkMemory(FlashStore store) {
    this.store = store;
  }

  @Override
  public Optional<HttpProxy> proxy() throws IOException {
    Optional<byte[]> json = store.get(PROXY);
    try {
      return json.isEmpty() ? Optional.empty() : HttpProxy.read(json.get());
    } catch (RejectedException e) {
      throw new FlashFileException("flash holds an unreadable proxy: " + e.getMessage(), e);
    }
  }

  @Override
  public void saveProxy(Optional<HttpProxy> proxy) throws IOException {
    save(PROXY, HttpProxy.toBytes(proxy));
  }

  /** What cannot be read is forgotten: it is a hint, and no reason to stay away. */
  @Override
  public Optional<Worked> worked() {
    Optional<byte[]> json = store.get(WORKED);
    if (json.isEmpty()) {
      return Optional.empty();
    }
    try {
      Fields fields = JsonReader.readObject(json.get(), MAX_WORKED);
      return Optional.of(new Worked(fields.string("host"), (int) fields.integer("port", 1, 65535)));
    } catch (RejectedException e) {
      return Optional.empty();
    }
  }

  @Override
  public void saveWorked(Worked route) throws IOException {
    try {
      save(
          WORKED,
          Json.object()
              .put("host", route.host())
              .put("port", route.port())
              .build()
              .canonicalBytes());
    } catch (FlashFullException e) {
      // An update may need the room; the next connection begins with the profile's first port.
      return;
    }
  }

  private void save(String name, byte[] value) throws IOException {
    if (!store.get(name).map(old -> Arrays.equals(old, value)).orElse(false)) {
      store.put(name, value);
    }
  }
}
