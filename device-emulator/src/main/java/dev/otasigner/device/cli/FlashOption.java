package dev.otasigner.device.cli;

import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Where the device is kept. */
final class FlashOption {
  @Option(
      names = "--flash",
      required = true,
      paramLabel = "FILE",
      description = "the flash file: all there is of the device")
  Path file = Path.of("");
}
