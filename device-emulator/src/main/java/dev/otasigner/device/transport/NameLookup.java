package dev.otasigner.device.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Looks names up, for no longer than there is time: the system's own lookup cannot be ended. */
@FunctionalInterface
interface NameLookup {
  /** Nobody has more servers behind a name; whoever answers with more is not believed all. */
  int MAX_ADDRESSES = 16;

  /** For one name. */
  Duration LONGEST = Duration.ofSeconds(10);

  /** By the system's resolver. */
  NameLookup SYSTEM = InetAddress::getAllByName;

  InetAddress[] all(String host) throws UnknownHostException;

  /**
   * The addresses of a host, in the order of the answer, {@link #MAX_ADDRESSES} at most.
   *
   * @throws IOException when there is none, or no answer in time
   */
  default List<InetAddress> addresses(String host, Deadline deadline) throws IOException {
    FutureTask<InetAddress[]> answer = new FutureTask<>(() -> all(host));
    Thread thread = new Thread(answer, "name lookup");
    thread.setDaemon(true);
    thread.start();
    try {
      InetAddress[] found = answer.get(deadline.millis(LONGEST), TimeUnit.MILLISECONDS);
      if (found.length == 0) {
        throw new UnknownHostException(host + " has no address");
      }
      return List.copyOf(Arrays.asList(found).subList(0, Math.min(found.length, MAX_ADDRESSES)));
    } catch (ExecutionException e) {
      throw new IOException("no address of " + host + " is known", e.getCause());
    } catch (TimeoutException e) {
      throw new SocketTimeoutException("no answer to the question for the addresses of " + host);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while looking " + host + " up", e);
    }
  }
}
