package dev.otasigner.service.problem;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** HTTP as no client library would send it. */
public final class RawHttp {
  private static final int WAIT_MILLIS = 30_000;

  private RawHttp() {}

  /** All that was answered until the server closed, as ISO 8859-1. */
  public static String exchange(int port, String... parts) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(WAIT_MILLIS);
      try {
        for (String part : parts) {
          socket.getOutputStream().write(part.getBytes(StandardCharsets.ISO_8859_1));
          socket.getOutputStream().flush();
        }
      } catch (SocketException e) {
        // Refused before all of it was sent: what was said is still to be read.
      }
      return answer(socket.getInputStream());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String answer(InputStream in) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (SocketTimeoutException e) {
      all.writeBytes(" (the connection stays open)".getBytes(StandardCharsets.US_ASCII));
    } catch (SocketException e) {
      // The server has closed while there was more to read for it.
    }
    return all.toString(StandardCharsets.ISO_8859_1);
  }
}
