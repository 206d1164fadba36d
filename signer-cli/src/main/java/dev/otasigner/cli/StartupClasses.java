package dev.otasigner.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * Runs what most commands have in common, so that the class-data archive which the launcher makes
 * from this run holds their classes. What it prints goes nowhere.
 */
final class StartupClasses {
  private StartupClasses() {}

  public static void main(String[] args) throws IOException {
    try (PrintStream nowhere =
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread service = new Thread(() -> answerOnce(server), "service");
      service.setDaemon(true);
      service.start();
      Terminal terminal =
          new Terminal(
              nowhere,
              nowhere,
              Path.of("").toAbsolutePath(),
              Map.of("SIGNER_API_KEY", "none", "HOME", "/nonexistent"),
              question -> null);
      CommandLines.run(
          terminal, "whoami", "--service", "http://127.0.0.1:" + server.getLocalPort());
      CommandLines.run(terminal, "--version");
      CommandLines.run(terminal, "--help");
    }
  }

  private static void answerOnce(ServerSocket server) {
    try (Socket connection = server.accept();
        InputStream in = connection.getInputStream();
        OutputStream out = connection.getOutputStream()) {
      String request = "";
      while (!request.endsWith("\r\n\r\n")) {
        request += (char) in.read();
      }
      String body = "{\"user\":\"nobody\",\"roles\":[]}";
      out.write(
          ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                  + "Content-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body)
              .getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
