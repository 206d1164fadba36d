package dev.otasigner.device.transport;

import dev.otasigner.verifier.device.Profile;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/** The service as a device sees it: documents to fetch and to send, large files to download. */
public interface Server extends Closeable {
  /**
   * Fetches a document.
   *
   * @throws StatusException when the answer is not 200
   * @throws BodyTooLongException when it has more than {@code maxBytes}
   */
  byte[] get(String path, long maxBytes) throws IOException;

  /**
   * Posts a document and returns the answer's.
   *
   * @throws StatusException when the answer has another status
   */
  byte[] post(String path, byte[] json, int expectedStatus, long maxBytes) throws IOException;

  /** Begins to fetch a large file, from {@code offset} on where the server can. */
  Download download(String path, long offset) throws IOException;

  /** What the latest connection turned out to be. */
  Optional<Negotiated> negotiated();

  /**
   * What time it is by the latest answer. It is as good as the connection: said by one whom the
   * profile's anchors vouch for.
   */
  default Optional<Instant> date() {
    return Optional.empty();
  }

  /**
   * A file's bytes from {@code offset}.
   *
   * @param body to be read to its end or closed with the server
   * @param offset where the body begins: 0 when the server does not do ranges
   * @param totalBytes of the whole file as the server says, or -1
   */
  record Download(InputStream body, long offset, long totalBytes) {}

  /** How a device gets at its service under a profile; nothing is dialled before it is needed. */
  @FunctionalInterface
  interface Dialling {
    /**
     * The service under this profile.
     *
     * @param clockRuns false when {@code now} is only the earliest time it can be
     */
    Server under(Profile profile, ClientIdentity identity, Instant now, boolean clockRuns);

    /** The same, by what the device keeps about its network, as far as that matters here. */
    default Dialling remembering(NetworkMemory kept) {
      return this;
    }
  }
}
