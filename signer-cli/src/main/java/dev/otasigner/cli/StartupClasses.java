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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Runs what most commands have in common, so that the class-data archive which the launcher makes
 * from this run holds their classes. What it prints goes nowhere.
 */
final class StartupClasses {
  private StartupClasses() {}

  public static void main(String[] args) throws IOException {
    Path desk = Files.createTempDirectory("signer-startup-");
    try (PrintStream nowhere =
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8);
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread service = new Thread(() -> answer(server), "service");
      service.setDaemon(true);
      service.start();
      Terminal terminal =
          new Terminal(
              nowhere,
              nowhere,
              desk,
              Map.of(
                  "SIGNER_API_KEY",
                  "none",
                  "SIGNER_HOME",
                  desk.toString(),
                  "SIGNER_SERVICE",
                  "http://127.0.0.1:" + server.getLocalPort()),
              question -> null);
      Files.writeString(desk.resolve("payload"), "machine code");
      for (String line : LINES) {
        CommandLines.run(terminal, line.split(" ", -1));
      }
    } finally {
      delete(desk);
    }
  }

  private static final List<String> LINES =
      List.of(
          "--version",
          "--help",
          "keygen --type rsa-2048 -o key.pem",
          "sign payload --key key.pem --version 1.2 --security-counter 1 --pad-header -o image",
          "verify image --trust key.pub.pem",
          "inspect image",
          "login --user nobody --password-file payload",
          "keys list",
          "keys show nothing",
          "keys import key --purpose image --suite rsa-pss-2048-sha256 --key key.pem --json",
          "push image --product p",
          "release publish 1.2 --product p --channel c --hardware h",
          "devices list --product p --json",
          "devices add d --product p --hardware h --revision a --bootloader b --channel c --build 1.2",
          "profiles add key.pem --product p",
          "verify image --device key.pem --manifest key.pem --profile key.pem");

  private static void answer(ServerSocket server) {
    while (true) {
      try (Socket connection = server.accept();
          InputStream in = connection.getInputStream();
          OutputStream out = connection.getOutputStream()) {
        byte[] request = new byte[1 << 16];
        if (in.read(request) > 0) {
          String body =
              "{\"user\":\"nobody\",\"token\":\"none\",\"expires\":\"never\",\"items\":[]}";
          out.write(
              ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                      + "Content-Length: "
                      + body.length()
                      + "\r\n\r\n"
                      + body)
                  .getBytes(StandardCharsets.US_ASCII));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private static void delete(Path desk) throws IOException {
    try (Stream<Path> files = Files.walk(desk)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
