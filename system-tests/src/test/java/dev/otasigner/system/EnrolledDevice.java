package dev.otasigner.system;

import static dev.otasigner.system.RegisteredProduct.BOOTLOADER;
import static dev.otasigner.system.RegisteredProduct.CHANNEL;
import static dev.otasigner.system.RegisteredProduct.HARDWARE;
import static dev.otasigner.system.RegisteredProduct.PRODUCT;
import static dev.otasigner.system.RegisteredProduct.REVISION;
import static dev.otasigner.system.RegisteredProduct.TLS_SUITE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.otasigner.device.cli.Main;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An emulated device in the field, told what to do by its own commands. */
record EnrolledDevice(Path flash) {

  /** A listener of this kind, on a port that was free a moment ago. */
  static int open(RegisteredProduct product, String kind) throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    product
        .administrator()
        .run(
            "listeners",
            "open",
            kind,
            "--kind",
            kind,
            "--port",
            Integer.toString(port),
            "--tls",
            "TLSv1.3",
            "--suite",
            TLS_SUITE,
            "--server-key",
            "p-384")
        .requireDone();
    return port;
  }

  /** Manufactures a device at this build and enrols it by its secret. */
  static EnrolledDevice at(RegisteredProduct product, int enrolPort, String id, String build)
      throws Exception {
    String secret =
        product
            .engineer()
            .run(
                "devices",
                "add",
                id,
                "--json",
                "--product",
                PRODUCT,
                "--hardware",
                HARDWARE,
                "--revision",
                REVISION,
                "--bootloader",
                BOOTLOADER,
                "--channel",
                CHANNEL,
                "--build",
                build)
            .requireDone()
            .json()
            .string("secret");
    Path directory = product.engineer().directory();
    Path secretFile = Files.writeString(directory.resolve(id + ".secret"), secret + "\n");
    EnrolledDevice device = new EnrolledDevice(directory.resolve(id + ".flash"));
    device.run(
        "enrol",
        "--service",
        "https://localhost:" + enrolPort,
        "--server-anchor",
        WireExchangesIT.serverAnchor(product.engineer()).hex(),
        "--product",
        PRODUCT,
        "--hardware",
        HARDWARE,
        "--revision",
        REVISION,
        "--bootloader",
        BOOTLOADER,
        "--build",
        build,
        "--device-id",
        id,
        "--channel",
        CHANNEL,
        "--clock",
        "rtc",
        "--secret-file",
        secretFile.toString());
    return device;
  }

  /** Runs one of the device's commands on its flash, and returns what it printed. */
  String run(String command, String... arguments) throws IOException, InterruptedException {
    Process process = begin(command, arguments);
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  /** The process of such a command; what it says on either stream is its output. */
  Process begin(String command, String... arguments) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    line.addAll(List.of("-cp", ServiceProcess.classPath(), Main.class.getName()));
    line.addAll(List.of(command, "--flash", flash.toString()));
    line.addAll(List.of(arguments));
    return new ProcessBuilder(line).redirectErrorStream(true).start();
  }
}
