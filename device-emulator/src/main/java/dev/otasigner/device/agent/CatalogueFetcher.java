package dev.otasigner.device.agent;

import dev.otasigner.device.transport.BodyTooLongException;
import dev.otasigner.device.transport.Server;
import dev.otasigner.device.transport.StatusException;
import dev.otasigner.verifier.Reason;
import dev.otasigner.verifier.RejectedException;
import dev.otasigner.verifier.tuf.Fetcher;
import dev.otasigner.verifier.tuf.NotFoundException;
import java.io.IOException;
import java.io.OutputStream;

/** Fetches files of one lineage's repository over the device's connection. */
record CatalogueFetcher(Server server, String product, String lineage) implements Fetcher {

  String path(String location) {
    return "/" + product + "/" + lineage + "/" + location;
  }

  @Override
  public void fetch(String location, long maxBytes, OutputStream to)
      throws IOException, RejectedException {
    try {
      to.write(server.get(path(location), maxBytes));
    } catch (BodyTooLongException e) {
      throw new RejectedException(
          Reason.LIMIT_EXCEEDED, location + " is longer than its limit", maxBytes, "more");
    } catch (StatusException e) {
      if (e.status() == 404) {
        throw new NotFoundException(location);
      }
      throw e;
    }
  }
}
