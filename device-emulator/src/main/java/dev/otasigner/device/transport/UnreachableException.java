package dev.otasigner.device.transport;

import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/** No route led to a server, or none did in time; the cause is that of the last route tried. */
public final class UnreachableException extends IOException {
  private static final long serialVersionUID = 1L;

  UnreachableException(List<Route> tried, IOException last) {
    super(
        "no server reached on "
            + tried.stream().map(Route::toString).collect(Collectors.joining(", "))
            + "; last: "
            + last.getMessage(),
        last);
  }
}
